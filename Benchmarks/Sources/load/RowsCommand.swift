import ArgumentParser

/// `load rows`: a set, as progressive results.
struct RowsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rows",
        abstract: "Calls the first procedure with a number of rows, and takes them as progressive results.",
        discussion: "Rows are objects whose first member is their number, from 1 on. Each has to come once, in order.")

    @Option(help: "How many rows.")
    var count: Int = 1_000_000

    @OptionGroup var peer: PeerOptions

    func validate() throws {
        guard count > 0 else { throw ValidationError("at least one row") }
    }

    func run() throws {
        let session = try peer.session()
        try session.run { router throws(LoadError) in
            try router.serve(for: "a registration", within: 30) { !$0.registrations.isEmpty }
            guard let registration = router.registrations.values.min() else { return }
            let before = session.process?.usage()
            let outcome = try RowsStage(count: count).run(on: router, registration: registration)
            var report = Report("rows")
            report.add("rows", outcome.rows)
            report.add("parts", outcome.parts)
            report.add("seconds", outcome.seconds)
            report.add("secondsToFirst", outcome.secondsToFirst)
            report.add("rowsPerSecond", outcome.seconds > 0 ? Double(outcome.rows) / outcome.seconds : 0)
            report.add(session.process?.usage(), since: before, calls: outcome.rows)
            report.print()
        }
    }
}
