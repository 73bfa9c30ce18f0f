import ArgumentParser
import Glibc

/// `load serve`: a router's end for measurements by other programs.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Acknowledges publications and answers calls with their own arguments, until standard input ends.")

    @Option(help: "Report when so many procedures are registered, and how long after the peer's start.")
    var registrations: Int?

    @OptionGroup var peer: PeerOptions

    func run() throws {
        let session = try peer.session()
        try session.run { router throws(LoadError) in
            var isPublishing = false
            var isRegistered = registrations == nil
            let outcome = try ServeStage().run(on: router, until: Self.inputHasEnded) { outcome in
                if !isRegistered, router.registrations.count >= registrations ?? 0 {
                    isRegistered = true
                    report("registered", session) { report in
                        guard let started = session.process?.started else { return }
                        report.add("milliseconds", Double(Clock.now() - started) / 1e6)
                    }
                }
                if !isPublishing, outcome.publications > 0 {
                    isPublishing = true
                    report("publishing", session)
                }
            } second: { outcome in
                report("second", session) { $0.add(outcome) }
            }
            report("served", session) { $0.add(outcome) }
        }
    }

    private func report(_ kind: String, _ session: PeerSession, add: (inout Report) -> Void = { _ in }) {
        var report = Report(kind)
        add(&report)
        report.add(session.process?.usage())
        report.print()
    }

    private static func inputHasEnded() -> Bool {
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&input, 1, 0) > 0 else { return false }
        var byte: UInt8 = 0
        return read(STDIN_FILENO, &byte, 1) <= 0
    }
}

extension Report {
    fileprivate mutating func add(_ outcome: ServeStage.Outcome) {
        add("publications", outcome.publications)
        add("calls", outcome.calls)
        add("seconds", outcome.seconds)
    }
}
