import ArgumentParser

/// `load publications`: incoming PUBLISHes, counted.
struct PublicationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publications",
        abstract: "Counts publications whose first argument counts from 1 up, and checks that none is missing.",
        discussion: "A publication of 0 is a probe: the first one is reported as 'publishing', and not counted.")

    @Option(help: "The last number that will be published.")
    var count: Int = 500_000

    @Flag(help: "Report each publication with the time of its arrival, on the system's monotonic clock.")
    var arrivals = false

    @OptionGroup var peer: PeerOptions

    func run() throws {
        let session = try peer.session()
        try session.run { router throws(LoadError) in
            let stage = PublishStage(count: count)
            var before: ProcessUsage?
            let outcome = try stage.run(on: router) {
                before = session.process?.usage()
                var report = Report("publishing")
                report.add(before)
                report.print()
            } arrival: { number, time in
                guard arrivals else { return }
                var report = Report("arrival")
                report.add("number", number)
                report.add("nanoseconds", Int(time))
                report.print()
            } second: { publications in
                var report = Report("second")
                report.add("publications", publications)
                report.add(session.process?.usage())
                report.print()
            }
            var report = Report("publications")
            report.add("publications", outcome.publications)
            report.add("seconds", outcome.seconds)
            report.add(
                "publicationsPerSecond", outcome.seconds > 0 ? Double(outcome.publications) / outcome.seconds : 0)
            report.add("lost", outcome.lost)
            report.add("wrong", outcome.wrong)
            report.add(session.process?.usage(), since: before, calls: outcome.publications)
            report.print()
            guard outcome.lost == 0, outcome.wrong == 0 else {
                throw LoadError("\(outcome.lost) publications were lost, \(outcome.wrong) out of order")
            }
        }
    }
}
