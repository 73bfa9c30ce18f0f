import ArgumentParser

/// `load calls`: invocations, timed.
struct CallsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calls",
        abstract: "Fires invocations at a registered procedure that adds its two arguments, and checks each answer.")

    @Option(help: "Invocations under way at a time; give it several times for several stages.")
    var outstanding: [Int] = []

    @Option(help: "How long each stage lasts.")
    var seconds: Double = 5

    @Option(help: "How many calls each stage makes, in place of a time.")
    var calls: Int?

    @Option(help: "Seconds of unreported calls before each stage.")
    var warmUp: Double = 1

    @Option(help: "Seconds without calls before the first stage, after which the peer's idle memory is reported.")
    var rest: Double = 0

    @Option(help: "The procedure to call; by default the first that is registered.")
    var procedure: String?

    @Option(help: "Report the peer's resident memory after each so many calls.")
    var sampleEvery: Int?

    @Flag(help: "Name the caller in each invocation, as routers do that disclose callers.")
    var disclosed = false

    @OptionGroup var peer: PeerOptions

    func validate() throws {
        guard outstanding.allSatisfy({ (1...10_000).contains($0) }), calls ?? 1 > 0, sampleEvery ?? 1 > 0,
            (0...3600).contains(seconds), (0...3600).contains(warmUp), (0...3600).contains(rest)
        else { throw ValidationError("1 to 10000 outstanding, at least one call, at most 3600 seconds") }
    }

    func run() throws {
        let session = try peer.session()
        try session.run { router throws(LoadError) in
            let began = Clock.now()
            try router.serve(for: "a registration", within: 30) { registration(of: $0) != nil }
            guard let registration = registration(of: router) else { return }
            var ready = Report("registered")
            ready.add("registration", registration)
            ready.add("milliseconds", Double(Clock.now() - began) / 1e6)
            ready.add(session.process?.usage())
            ready.print()
            if rest > 0 { try reportIdle(session) }
            var request = 0
            for count in outstanding.isEmpty ? [1, 16, 128, 512] : outstanding {
                if warmUp > 0 {
                    let stage = CallStage(
                        outstanding: count, calls: nil, seconds: warmUp, isDisclosed: disclosed, sampleEvery: nil)
                    try check(stage.run(on: router, registration: registration, request: &request) { _ in })
                }
                let stage = CallStage(
                    outstanding: count, calls: calls, seconds: seconds, isDisclosed: disclosed,
                    sampleEvery: sampleEvery)
                let before = session.process?.usage()
                let outcome = try stage.run(on: router, registration: registration, request: &request) { calls in
                    var sample = Report("sample")
                    sample.add("calls", calls)
                    sample.add(session.process?.usage())
                    sample.print()
                }
                report(outcome, of: stage, session.process?.usage(), before)
                try check(outcome)
            }
        }
    }

    private func registration(of router: RouterEnd) -> Int? {
        guard let procedure else { return router.registrations.values.min() }
        return router.registrations[procedure]
    }

    private func reportIdle(_ session: PeerSession) throws(LoadError) {
        let before = session.process?.usage()
        let end = Clock.now() + UInt64(rest * 1e9)
        try session.router.serve(for: "the end of the rest", within: rest + 10) { _ in Clock.now() >= end }
        let after = session.process?.usage()
        var report = Report("idle")
        report.add("seconds", rest)
        report.add(after)
        if let before, let after {
            let used = Double(after.processorTime - before.processorTime) / 1000
            report.add("processorMillisecondsPerSecond", used / rest)
        }
        report.print()
    }

    /// A benchmark with wrong answers is invalid.
    private func check(_ outcome: CallStage.Outcome) throws(LoadError) {
        if let error = outcome.firstError { throw LoadError("\(outcome.errors) calls failed, the first: \(error)") }
        guard outcome.wrong == 0 else { throw LoadError("\(outcome.wrong) answers were wrong") }
    }

    private func report(
        _ outcome: CallStage.Outcome, of stage: CallStage, _ usage: ProcessUsage?, _ before: ProcessUsage?
    ) {
        var report = Report("calls")
        report.add("outstanding", stage.outstanding)
        report.add("calls", outcome.calls)
        report.add("seconds", outcome.seconds)
        report.add("callsPerSecond", outcome.seconds > 0 ? Double(outcome.calls) / outcome.seconds : 0)
        report.add("p50Microseconds", Double(outcome.latencies.percentile(0.5)) / 1000)
        report.add("p99Microseconds", Double(outcome.latencies.percentile(0.99)) / 1000)
        report.add("errors", outcome.errors)
        report.add("wrong", outcome.wrong)
        report.add(usage, since: before, calls: outcome.calls)
        report.print()
    }
}
