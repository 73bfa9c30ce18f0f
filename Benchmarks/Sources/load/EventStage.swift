/// Sends numbered events to one subscription as fast as the peer handles them, which its publications report.
///
/// Event n has the arguments `[n]`. The handler publishes a number when all events up to it have been handled; at most
/// `window` events are ahead of that, because a subscriber may drop the excess.
struct EventStage {
    /// How many events, and the last number.
    let count: Int
    /// How many events may be under way.
    let window: Int

    /// Gathered octets are sent when there are more than these.
    private static let chunk = 1 << 16
    /// How long the peer may stay silent with events under way, in nanoseconds.
    private static let patience: UInt64 = 30_000_000_000

    /// What was measured, from the first event sent to the last one handled.
    struct Outcome {
        var events = 0
        var seconds = 0.0
        /// Publications that reported no progress.
        var wrong = 0
    }

    /// Runs until all events have been handled.
    ///
    /// - Parameter second: called after each second with the number of events that were handled in it.
    func run(on router: RouterEnd, subscription: Int, second: (Int) -> Void = { _ in }) throws(LoadError) -> Outcome {
        var outcome = Outcome()
        var sent = 0
        let began = Clock.now()
        var lastProgress = began
        var reported = (at: began, events: 0)
        while outcome.events < count {
            while sent < min(count, outcome.events + window) {
                sent += 1
                append(sent, subscription, to: router.connection)
                if router.connection.outgoing.bytes.count >= Self.chunk { try router.connection.flush() }
            }
            try router.connection.flush()
            guard try router.receive() else {
                guard Clock.now() - lastProgress < Self.patience else {
                    throw LoadError("no news for 30 s, \(outcome.events) of \(sent) events that were sent are handled")
                }
                continue
            }
            let now = Clock.now()
            while let happening = try router.next() {
                guard case .publish(let number) = happening else { continue }
                guard let number, number > outcome.events, number <= sent else {
                    outcome.wrong += 1
                    continue
                }
                outcome.events = number
                lastProgress = now
            }
            outcome.seconds = Double(now - began) / 1e9
            if now - reported.at >= 1_000_000_000 {
                second(outcome.events - reported.events)
                reported = (reported.at + 1_000_000_000, outcome.events)
            }
        }
        try router.connection.flush()
        return outcome
    }

    private func append(_ number: Int, _ subscription: Int, to connection: Connection) {
        connection.outgoing.beginFrame()
        connection.outgoing.beginList(5)
        connection.outgoing.integer(36)
        connection.outgoing.integer(subscription)
        connection.outgoing.integer(number)
        connection.outgoing.emptyDictionary()
        connection.outgoing.beginList(1)
        connection.outgoing.integer(number)
        connection.outgoing.endList()
        connection.outgoing.endList()
        connection.outgoing.endFrame()
    }
}
