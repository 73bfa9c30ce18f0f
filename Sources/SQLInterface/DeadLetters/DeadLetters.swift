package import Postgres

/// The dead letters of a schema, for the command line. Blocks.
package struct DeadLetters: Sendable {
    /// The selection of dead letters.
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

    /// The columns of ``list(kind:topic:most:longest:on:take:)``.
    package static let columns = [
        "id", "created", "kind", "topic", "function", "attempts", "error", "message", "retry",
    ]

    /// The dead letters, the oldest first, for people: a row each, one at a time.
    ///
    /// - Parameters:
    ///   - longest: the most characters of a text to return; nil: all.
    ///   - take: called with each row.
    package func list(
        kind: String?, topic: String?, most: Int, longest: Int?, on connection: borrowing ScriptConnection,
        take: ([String?]) -> Void
    ) throws(DatabaseError) {
        try connection.query(
            """
            select d.id, pg_catalog.to_char(d.created, 'YYYY-MM-DD HH24:MI:SS'), d.kind, \(Self.cut("topic")),
                \(Self.cut("proc")), d.attempts, \(Self.cut("error")), \(Self.cut("message")),
                case when d.retry then 'yes' end
            from \(self.function("dead_letter_list"))($1, $2, $3) as d
            """, [kind, topic, "\(most)", longest.map { "\($0)" }], take: take)
    }

    private static func cut(_ column: String) -> String {
        "pg_catalog.left(d.\(column), coalesce($4::int4, 2147483647))"
    }

    /// The dead letters, the oldest first, each as a JSON object with its payload, one at a time.
    package func json(
        kind: String?, topic: String?, most: Int, on connection: borrowing ScriptConnection, take: (String) -> Void
    ) throws(DatabaseError) {
        try connection.query(
            "select pg_catalog.to_jsonb(d) from \(self.function("dead_letter_list"))($1, $2, $3) as d",
            [kind, topic, "\(most)"]
        ) { row in
            if let text = row.first ?? nil { take(text) }
        }
    }

    /// The number of dead letters.
    package func count(
        kind: String?, topic: String?, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> Int {
        let rows = try connection.query(
            "select pg_catalog.count(*) from \(self.function("dead_letter_list"))($1, $2, null)", [kind, topic])
        return SurveyRow(rows).text(0).flatMap { Int($0) } ?? 0
    }

    /// Some dead letters in full, the oldest first, a field at a time: the fields that have a value, in the table's
    /// order.
    package func show(
        _ ids: Set<Int>, on connection: borrowing ScriptConnection, take: (DeadLetterField) -> Void
    ) throws(DatabaseError) {
        try connection.query(
            """
            select d.id, field.key, field.value
            from \(self.function("dead_letter_list"))(null, null, null) as d
                cross join lateral pg_catalog.json_each_text(pg_catalog.row_to_json(d)) with ordinality
                    as field(key, value, place)
            where d.id operator(pg_catalog.=) any ($1::bigint[]) and field.value is not null
            order by d.id, field.place
            """, [Self.array(ids)]
        ) { row in
            guard row.count == 3, let id = row[0].flatMap({ Int($0) }), let name = row[1], let value = row[2] else {
                return
            }
            take(DeadLetterField(letter: id, name: name, value: value))
        }
    }

    /// Some dead letters, the oldest first, each as a JSON object with its payload, one at a time.
    package func json(
        _ ids: Set<Int>, on connection: borrowing ScriptConnection, take: (String) -> Void
    ) throws(DatabaseError) {
        try connection.query(
            """
            select pg_catalog.to_jsonb(d) from \(self.function("dead_letter_list"))(null, null, null) as d
            where d.id operator(pg_catalog.=) any ($1::bigint[]) order by d.id
            """, [Self.array(ids)]
        ) { row in
            if let text = row.first ?? nil { take(text) }
        }
    }

    /// The ids of the given ones that exist.
    package func present(
        _ ids: Set<Int>, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> Set<Int> {
        guard !ids.isEmpty else { return [] }
        let rows = try connection.query(
            """
            select d.id from \(self.function("dead_letter_list"))(null, null, null) as d
            where d.id operator(pg_catalog.=) any ($1::bigint[])
            """, [Self.array(ids)])
        return Set(rows.values.compactMap { $0.first.flatMap { $0 }.flatMap { Int($0) } })
    }

    /// What is called while there is work left, with how many of all have been dealt with.
    package typealias Progress = (_ done: Int, _ all: Int) -> Void

    /// Has them tried again: all of them, or on failure none.
    package func retry(
        _ selection: Selection, on connection: borrowing ScriptConnection, progress: Progress = { _, _ in }
    ) throws(DatabaseError) -> DeadLetterChange {
        try self.apply("dead_letter_retry", to: selection, on: connection, progress)
    }

    /// Deletes them: all of them, or on failure none.
    package func delete(
        _ selection: Selection, on connection: borrowing ScriptConnection, progress: Progress = { _, _ in }
    ) throws(DatabaseError) -> DeadLetterChange {
        try self.apply("dead_letter_delete", to: selection, on: connection, progress)
    }

    private func apply(
        _ function: String, to selection: Selection, on connection: borrowing ScriptConnection, _ progress: Progress
    ) throws(DatabaseError) -> DeadLetterChange {
        switch selection {
        case .ids(let ids):
            // One by one, in one transaction: so the missing ones are known.
            let rows = try connection.query(
                """
                select letter.id, \(self.function(function))(array[letter.id])
                from pg_catalog.unnest($1::bigint[]) as letter(id)
                """, [Self.array(ids)])
            let changed = Set(
                rows.values.filter { $0.last == "1" }.compactMap { $0.first.flatMap { $0 }.flatMap { Int($0) } })
            let left = ids.subtracting(changed)
            let present = try self.present(left, on: connection)
            return DeadLetterChange(
                count: changed.count, missing: left.subtracting(present).sorted(), unchanged: present.sorted())
        case .all(let kind, let topic):
            // Each statement sees what was committed before it, as a single one would.
            try connection.run("begin isolation level read committed read write")
            do throws(DatabaseError) {
                let batches = try self.batches(kind: kind, topic: topic, on: connection)
                let all = batches.reduce(0) { $0 + $1.count }
                var (done, changed) = (0, 0)
                for batch in batches {
                    let rows = try connection.query("select \(self.function(function))($1::bigint[])", [batch.ids])
                    changed += SurveyRow(rows).text(0).flatMap { Int($0) } ?? 0
                    done += batch.count
                    if done < all { progress(done, all) }
                }
                try connection.run("commit")
                return DeadLetterChange(count: changed)
            } catch {
                try? connection.run("rollback")
                throw error
            }
        }
    }

    /// The most dead letters that one statement changes.
    private static let batch = 10_000

    /// The ids of all, or of a kind or topic, the oldest first: each text is an array of the server's.
    private func batches(
        kind: String?, topic: String?, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> [(ids: String, count: Int)] {
        let rows = try connection.query(
            """
            select pg_catalog.array_agg(d.id order by d.id), pg_catalog.count(*)
            from (
                select l.id, (pg_catalog.row_number() over (order by l.id) operator(pg_catalog.-) 1)
                    operator(pg_catalog./) \(Self.batch) as number
                from \(self.function("dead_letter_list"))($1, $2, null) as l
            ) as d
            group by d.number order by d.number
            """, [kind, topic])
        return rows.values.compactMap { row in
            guard row.count == 2, let ids = row[0], let count = row[1].flatMap({ Int($0) }) else { return nil }
            return (ids, count)
        }
    }

    /// In the form in which the server reads `bigint[]`.
    private static func array(_ ids: Set<Int>) -> String {
        "{\(ids.sorted().map { "\($0)" }.joined(separator: ","))}"
    }

    private func function(_ name: String) -> String { SQLText.qualified(self.schema, name) }
}

/// A field of a dead letter that has a value.
package struct DeadLetterField: Sendable {
    /// The dead letter's id.
    package let letter: Int
    /// The field's name.
    package let name: String
    /// Its value as text.
    package let value: String
}

/// The effect of a command on its dead letters.
package struct DeadLetterChange: Sendable, Equatable {
    /// The number of affected ones.
    package let count: Int
    /// The ids without a dead letter.
    package var missing: [Int] = []
    /// The ids that the command can't be applied to: the arguments of the event can't be read.
    package var unchanged: [Int] = []
}
