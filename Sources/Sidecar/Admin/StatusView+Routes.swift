import Names

extension StatusView {
    /// A procedure or a subscription.
    struct Row: Equatable {
        var uri: String
        /// `works`, `waits`, `rests` or `faulty`.
        var state: String
        var target: String
        var reason: String
        var rate: String
        var total: String
        var errors: String
        /// Which errors.
        var kinds: String
        var median: String
        var p99: String
        /// What has not ended.
        var open: String
        /// For how long.
        var age: String
    }

    /// How many procedures or subscriptions there are, and those that the document has: those that do not work first.
    struct Table: Equatable {
        var count: Int
        var rows: [Row]
    }

    var procedures: Table {
        self.table("procedures") { route in
            let results = route["results"]
            let failed = results.members.filter { $0.name != "ok" && $0.value.count > 0 }
            return Self.row(
                route, uri: "uri", total: "calls",
                errors: results.isThere ? failed.map { ($0.name, $0.value.count) } : nil,
                open: route["in_progress"], oldest: nil)
        }
    }

    var subscriptions: Table {
        self.table("subscriptions") { route in
            let results = route["results"]
            let failed = ["dead", "lost"].map { ($0, results[$0].count) }.filter { $0.1 > 0 }
            return Self.row(
                route, uri: "topic", total: "events", errors: results.isThere ? failed : nil, open: route["waiting"],
                oldest: route["oldest_seconds"].number)
        }
    }

    private func table(_ name: String, row: (StatusDocument) -> Row) -> Table {
        let rows = self.document[name].list.map(row)
        let isFaulty: (Row) -> Bool = { ExactText.areSame($0.state, "faulty") }
        return Table(
            count: rows.count + self.document["other_\(name)"].count,
            rows: rows.filter(isFaulty) + rows.filter { !isFaulty($0) })
    }

    /// - Parameters:
    ///   - total: the member that counts what came.
    ///   - errors: how many of each kind; nil: not known.
    private static func row(
        _ route: StatusDocument, uri: String, total: String, errors: [(name: String, count: Int)]?,
        open: StatusDocument, oldest: Double?
    ) -> Row {
        let number: (StatusDocument) -> String = { $0.isThere ? PageText.count($0.count) : "–" }
        return Row(
            uri: route[uri].text, state: route["state"].text, target: route["target"].text,
            reason: route["reason"].text, rate: PageText.rate(route["per_second"].number), total: number(route[total]),
            errors: errors.map { PageText.count($0.reduce(0) { $0 + $1.count }) } ?? "–",
            kinds: (errors ?? []).map { "\($0.name) \(PageText.count($0.count))" }.joined(separator: ", "),
            median: PageText.latency(route["p50_seconds"].number), p99: PageText.latency(route["p99_seconds"].number),
            open: number(open), age: oldest.map { "for \(PageText.age($0))" } ?? "")
    }
}
