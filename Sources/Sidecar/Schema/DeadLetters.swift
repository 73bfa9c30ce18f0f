package import Postgres

/// The dead letters of a schema, for the command line. Blocks.
package struct DeadLetters: Sendable {
    /// Which letters.
    package enum Selection: Sendable, Equatable {
        case ids(Set<Int>)
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

    /// How many there are.
    package func count(
        kind: String?, topic: String?, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> Int {
        let rows = try connection.query(
            "select pg_catalog.count(*) from \(self.function("dead_letter_list"))($1, $2, null)", [kind, topic])
        return SurveyRow(rows).text(0).flatMap { Int($0) } ?? 0
    }

    /// Some letters whole, the oldest first: each with its payload as a JSON object, or its fields and their values, of those
    /// that have one.
    package func show(
        _ ids: Set<Int>, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> [DeadLetterRow] {
        let rows = try connection.query(
            """
            select d.id, pg_catalog.to_jsonb(d), field.key, field.value
            from \(self.function("dead_letter_list"))(null, null, null) as d
                cross join lateral pg_catalog.json_each_text(pg_catalog.row_to_json(d)) with ordinality
                    as field(key, value, place)
            where d.id operator(pg_catalog.=) any ($1::bigint[]) and field.value is not null
            order by d.id, field.place
            """, [Self.array(ids)])
        var letters: [DeadLetterRow] = []
        for row in rows.values {
            guard row.count == 4, let id = row[0].flatMap({ Int($0) }), let json = row[1], let key = row[2],
                let value = row[3]
            else { continue }
            if letters.last?.id != id { letters.append(DeadLetterRow(id: id, json: json)) }
            letters[letters.endIndex - 1].fields.append((name: key, value: value))
        }
        return letters
    }

    /// Has them tried again.
    package func retry(
        _ selection: Selection, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> DeadLetterChange {
        try self.apply("dead_letter_retry", to: selection, on: connection)
    }

    /// Gives them up.
    package func delete(
        _ selection: Selection, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> DeadLetterChange {
        try self.apply("dead_letter_delete", to: selection, on: connection)
    }

    private func apply(
        _ function: String, to selection: Selection, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> DeadLetterChange {
        switch selection {
        case .ids(let ids):
            // One by one, in one transaction: so it is known which of them are not there.
            let rows = try connection.query(
                """
                select letter.id, \(self.function(function))(array[letter.id])
                from pg_catalog.unnest($1::bigint[]) as letter(id)
                """, [Self.array(ids)])
            let changed = Set(
                rows.values.filter { $0.last == "1" }.compactMap { $0.first.flatMap { $0 }.flatMap { Int($0) } })
            let left = ids.subtracting(changed)
            let present = left.isEmpty ? [] : Set(try self.show(left, on: connection).map(\.id))
            return DeadLetterChange(
                count: changed.count, missing: left.subtracting(present).sorted(), unchanged: present.sorted())
        case .all(let kind, let topic):
            let rows = try connection.query(
                """
                select \(self.function(function))(array(
                    select d.id from \(self.function("dead_letter_list"))($1, $2, null) as d))
                """, [kind, topic])
            return DeadLetterChange(count: SurveyRow(rows).text(0).flatMap { Int($0) } ?? 0)
        }
    }

    /// As the server reads `bigint[]`.
    private static func array(_ ids: Set<Int>) -> String {
        "{\(ids.sorted().map { "\($0)" }.joined(separator: ","))}"
    }

    private func function(_ name: String) -> String { SQLText.qualified(self.schema, name) }
}

/// A dead letter whole.
package struct DeadLetterRow: Sendable {
    /// Its number.
    package let id: Int
    /// All of it, as a JSON object.
    package let json: String
    /// Its fields that have a value, in the table's order.
    package fileprivate(set) var fields: [(name: String, value: String)] = []
}

/// What became of dead letters that a command named.
package struct DeadLetterChange: Sendable, Equatable {
    /// How many it was done to.
    package let count: Int
    /// The ids that no dead letter has.
    package var missing: [Int] = []
    /// Those that are there, and it can't be done to: the arguments of an event can't be read.
    package var unchanged: [Int] = []
}
