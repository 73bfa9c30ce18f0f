import ArgumentParser

/// `load events`: EVENTs, as fast as they are taken.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Sends numbered events to the first subscription, as fast as the peer takes them.",
        discussion: """
            The handler of the events reports its progress by publications, each with the number of the last event \
            that was handled. It must publish the last number, and check that all events arrived, in order.
            """)

    @Option(help: "How many events.")
    var count: Int = 500_000

    @Option(
        help: "How many events may be under way. Less than this has to pass between two of the peer's publications.")
    var window: Int = 5_000

    @OptionGroup var peer: PeerOptions

    func validate() throws {
        guard count > 0, window > 0 else { throw ValidationError("at least one event, and a window of at least one") }
    }

    func run() throws {
        let session = try peer.session()
        try session.run { router throws(LoadError) in
            try router.serve(for: "a subscription", within: 30) { !$0.subscriptions.isEmpty }
            guard let subscription = router.subscriptions.values.min() else { return }
            let before = session.process?.usage()
            var report = Report("subscribed")
            report.add(before)
            report.print()
            let stage = EventStage(count: count, window: window)
            let outcome = try stage.run(on: router, subscription: subscription) { events in
                var report = Report("second")
                report.add("events", events)
                report.add(session.process?.usage())
                report.print()
            }
            report = Report("events")
            report.add("events", outcome.events)
            report.add("seconds", outcome.seconds)
            report.add("eventsPerSecond", outcome.seconds > 0 ? Double(outcome.events) / outcome.seconds : 0)
            report.add("wrong", outcome.wrong)
            report.add(session.process?.usage(), since: before, calls: outcome.events)
            report.print()
            guard outcome.wrong == 0 else { throw LoadError("\(outcome.wrong) publications reported no progress") }
        }
    }
}
