package import Postgres

/// The dead letters of a schema, for the command line. Blocks.
package struct DeadLetters: Sendable {
    /// Which letters.
    package enum Selection: Sendable, Equatable {
        case ids([Int])
        /// All, or all of a kind or topic.
        case all(kind: String?, topic: String?)
    }

    private let schema: String

    /// Takes the schema's name, not quoted.
    package init(schema: String) {
        self.schema = schema
    }

    /// The letters, the oldest first, for people: a header and a row each.
    package func list(
        kind: String?, topic: String?, most: Int, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> Rows {
        try connection.query(
            """
            select d.id, pg_catalog.to_char(d.created, 'YYYY-MM-DD HH24:MI:SS') as created, d.kind, d.topic,
                d.proc as function, d.attempts, d.error, d.message, case when d.retry then 'yes' end as retry
            from \(self.function("dead_letter_list"))($1, $2, $3) as d
            """, [kind, topic, "\(most)"])
    }

    /// The letters, the oldest first, each as a JSON object with its payload.
    package func json(
        kind: String?, topic: String?, most: Int, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> [String] {
        let rows = try connection.query(
            "select pg_catalog.to_jsonb(d) from \(self.function("dead_letter_list"))($1, $2, $3) as d",
            [kind, topic, "\(most)"])
        return rows.values.compactMap { $0.first ?? nil }
    }

    /// Has them tried again.
    ///
    /// - Returns: how many there were.
    package func retry(_ selection: Selection, on connection: borrowing ScriptConnection) throws(DatabaseError) -> Int {
        try self.apply("dead_letter_retry", to: selection, on: connection)
    }

    /// Gives them up.
    ///
    /// - Returns: how many there were.
    package func delete(_ selection: Selection, on connection: borrowing ScriptConnection) throws(DatabaseError) -> Int
    {
        try self.apply("dead_letter_delete", to: selection, on: connection)
    }

    private func apply(
        _ function: String, to selection: Selection, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> Int {
        let rows: Rows
        switch selection {
        case .ids(let ids):
            rows = try connection.query(
                "select \(self.function(function))($1::bigint[])",
                ["{\(ids.map { "\($0)" }.joined(separator: ","))}"])
        case .all(let kind, let topic):
            rows = try connection.query(
                """
                select \(self.function(function))(array(
                    select d.id from \(self.function("dead_letter_list"))($1, $2, null) as d))
                """, [kind, topic])
        }
        return SurveyRow(rows).text(0).flatMap { Int($0) } ?? 0
    }

    private func function(_ name: String) -> String { SQLText.qualified(self.schema, name) }
}
