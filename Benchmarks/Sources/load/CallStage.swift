/// Keeps a number of invocations under way, and checks and times each answer.
///
/// Invocation n calls with the arguments `[n, 7]`, and must be answered with n + 7, once. The next one is sent in the
/// turn in which an answer came, so the number under way is constant until the stage ends.
struct CallStage {
    /// How many invocations are under way.
    let outstanding: Int
    /// Ends the stage after this many calls; nil: when the time is up.
    let calls: Int?
    /// Ends the stage after this many seconds; ignored if `calls` is given.
    let seconds: Double
    /// Each invocation discloses its caller, one of a hundred callers in turn.
    var isDisclosed = false
    /// Reports the peer's resident memory after each so many calls; nil: only at the end.
    let sampleEvery: Int?

    /// The second argument, and so what is added to the first.
    private static let addend = 7
    /// How long the peer may stay silent with calls outstanding, in nanoseconds.
    private static let patience: UInt64 = 30_000_000_000

    /// The results up to the stage's end; later answers are checked but not counted.
    struct Outcome {
        /// Calls that were answered with the right result.
        var calls = 0
        var seconds = 0.0
        var latencies = Histogram()
        /// Answers that were an ERROR.
        var errors = 0
        /// The first such answer.
        var firstError: String?
        /// Answers with another result than the right one, or to no outstanding invocation.
        var wrong = 0
    }

    /// Runs the stage on a registration of `router`.
    ///
    /// - Parameters:
    ///   - request: the last request id that was used; on return that of this stage.
    ///   - sample: called after each `sampleEvery` calls with their number.
    func run(
        on router: RouterEnd, registration: Int, request: inout Int, sample: (Int) -> Void
    ) throws(LoadError) -> Outcome {
        var outcome = Outcome()
        var pending = PendingCalls()
        var toSend = calls ?? Int.max
        var nextSample = sampleEvery ?? Int.max
        let began = Clock.now()
        let ends = calls == nil ? began + UInt64(seconds * 1e9) : UInt64.max
        var lastAnswer = began

        fire(&pending, &request, &toSend, registration, on: router.connection)
        try router.connection.flush()
        while pending.count > 0 {
            guard try router.receive() else {
                guard Clock.now() - lastAnswer < Self.patience else {
                    throw LoadError("no answer for 30 s, \(pending.count) invocations outstanding")
                }
                continue
            }
            let now = Clock.now()
            lastAnswer = now
            let isCounted = now < ends
            while let happening = try router.next() {
                switch happening {
                case .yield(let request, let result):
                    guard let sent = pending.remove(request), result == request + Self.addend else {
                        outcome.wrong += 1
                        continue
                    }
                    guard isCounted else { continue }
                    outcome.calls += 1
                    outcome.latencies.record(now - sent)
                case .error(let request, let text):
                    outcome.errors += 1
                    if outcome.firstError == nil { outcome.firstError = text }
                    if pending.remove(request) == nil { outcome.wrong += 1 }
                case .housekeeping, .publish, .call, .progress:
                    continue
                }
            }
            if isCounted {
                outcome.seconds = Double(now - began) / 1e9
                fire(&pending, &request, &toSend, registration, on: router.connection)
            }
            try router.connection.flush()
            if outcome.calls >= nextSample, let sampleEvery {
                sample(outcome.calls)
                nextSample += sampleEvery
            }
        }
        return outcome
    }

    /// The details of a router that discloses callers.
    private func details(_ request: Int, on connection: Connection) {
        guard isDisclosed else { return connection.outgoing.emptyDictionary() }
        connection.outgoing.beginDictionary(3)
        connection.outgoing.key("caller")
        connection.outgoing.integer(4_217_796_348_849_500 + request % 100)
        connection.outgoing.key("caller_authid")
        connection.outgoing.string("somebody@example.com")
        connection.outgoing.key("caller_authrole")
        connection.outgoing.string("member")
        connection.outgoing.endDictionary()
    }

    private func fire(
        _ pending: inout PendingCalls, _ request: inout Int, _ toSend: inout Int, _ registration: Int,
        on connection: Connection
    ) {
        let now = Clock.now()
        while pending.count < outstanding, toSend > 0, pending.insert(request + 1, sentAt: now) {
            request += 1
            toSend -= 1
            connection.outgoing.beginFrame()
            connection.outgoing.beginList(5)
            connection.outgoing.integer(68)
            connection.outgoing.integer(request)
            connection.outgoing.integer(registration)
            details(request, on: connection)
            connection.outgoing.beginList(2)
            connection.outgoing.integer(request)
            connection.outgoing.integer(Self.addend)
            connection.outgoing.endList()
            connection.outgoing.endList()
            connection.outgoing.endFrame()
        }
    }
}
