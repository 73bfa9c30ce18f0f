/// Serves a session as long as it is needed, and counts what its peer publishes and calls.
///
/// Another program makes the peer publish and call, and measures that itself.
struct ServeStage {
    /// The counts.
    struct Outcome {
        var publications = 0
        /// Calls that had arguments, each answered with them.
        var calls = 0
        var seconds = 0.0
    }

    /// Serves until `isOver`, which is asked every 100 ms or so.
    ///
    /// - Parameters:
    ///   - turn: called after each turn of the loop, with the counts so far.
    ///   - second: called after each second, with the counts in it.
    func run(
        on router: RouterEnd, until isOver: () -> Bool, turn: (Outcome) -> Void = { _ in },
        second: (Outcome) -> Void = { _ in }
    ) throws(LoadError) -> Outcome {
        var outcome = Outcome()
        var reported = Outcome()
        let began = Clock.now()
        var asked = began
        var nextSecond = began + 1_000_000_000
        while true {
            if try router.receive() {
                while let happening = try router.next() {
                    switch happening {
                    case .publish: outcome.publications += 1
                    case .call: outcome.calls += 1
                    case .housekeeping, .yield, .progress, .error: continue
                    }
                }
                try router.connection.flush()
            }
            turn(outcome)
            let now = Clock.now()
            outcome.seconds = Double(now - began) / 1e9
            if now >= nextSecond {
                second(
                    Outcome(
                        publications: outcome.publications - reported.publications,
                        calls: outcome.calls - reported.calls, seconds: outcome.seconds - reported.seconds))
                reported = outcome
                nextSecond += 1_000_000_000
            }
            if now - asked >= 100_000_000 {
                asked = now
                if isOver() { return outcome }
            }
        }
    }
}
