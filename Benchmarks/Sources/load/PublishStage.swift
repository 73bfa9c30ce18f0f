/// Counts the publications of a peer that relays numbered notifications, and checks that none is lost or overtaken.
///
/// Number 0 is a probe: the writer repeats it until the first one arrives, to see that the peer listens. The numbers
/// 1, 2, 3, ... are what is measured.
struct PublishStage {
    /// The last number that the writer sends.
    let count: Int

    /// How long the next publication may take, in nanoseconds.
    private static let patience: UInt64 = 20_000_000_000

    /// What was measured, from the first numbered publication to the last.
    struct Outcome {
        var publications = 0
        var seconds = 0.0
        /// Numbers that were skipped.
        var lost = 0
        /// Publications that carried no number, or one that was not greater than the one before.
        var wrong = 0
    }

    /// Runs until number `count` has arrived.
    ///
    /// - Parameters:
    ///   - listening: called when the first probe has arrived.
    ///   - arrival: called for each publication with its number and the time of its arrival.
    ///   - second: called after each second with the number of publications in it.
    func run(
        on router: RouterEnd, listening: () -> Void, arrival: (Int, UInt64) -> Void = { _, _ in }, second: (Int) -> Void
    ) throws(LoadError) -> Outcome {
        var outcome = Outcome()
        var last = 0
        var began: UInt64 = 0
        var lastArrival = Clock.now()
        var isListening = false
        var reported = (at: UInt64(0), publications: 0)
        while last < count {
            guard try router.receive() else {
                guard Clock.now() - lastArrival < Self.patience else {
                    throw LoadError("no publication for 20 s after number \(last) of \(count)")
                }
                continue
            }
            let now = Clock.now()
            while let happening = try router.next() {
                guard case .publish(let number) = happening else { continue }
                lastArrival = now
                if number == 0 && last == 0 {
                    if !isListening { listening() }
                    isListening = true
                    continue
                }
                if outcome.publications == 0 {
                    began = now
                    reported.at = now
                }
                outcome.publications += 1
                guard let number, number > last else {
                    outcome.wrong += 1
                    continue
                }
                arrival(number, now)
                outcome.lost += number - last - 1
                last = number
            }
            try router.connection.flush()
            if began > 0 {
                outcome.seconds = Double(now - began) / 1e9
                if now - reported.at >= 1_000_000_000 {
                    second(outcome.publications - reported.publications)
                    reported = (reported.at + 1_000_000_000, outcome.publications)
                }
            }
        }
        return outcome
    }
}
