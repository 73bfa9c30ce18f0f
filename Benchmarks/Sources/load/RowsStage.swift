/// Calls a procedure once as a caller that accepts progressive results, and counts the rows.
///
/// The argument is the number of rows; row n is an object whose first member is n. They must arrive in order, each
/// once, followed by a final result.
struct RowsStage {
    /// How many rows.
    let count: Int

    /// How long the peer may stay silent, in nanoseconds.
    private static let patience: UInt64 = 30_000_000_000

    /// What was measured, from the invocation to the final result.
    struct Outcome: Equatable {
        var rows = 0
        /// Progressive results.
        var parts = 0
        var seconds = 0.0
        /// From the invocation to the first rows.
        var secondsToFirst = 0.0
    }

    /// Runs until the final result has arrived.
    ///
    /// - Throws: if rows are missing, duplicated or out of order, or if the answer is an error.
    func run(on router: RouterEnd, registration: Int) throws(LoadError) -> Outcome {
        var outcome = Outcome()
        let request = 1
        router.connection.outgoing.beginFrame()
        router.connection.outgoing.append("[68,")
        router.connection.outgoing.append(request)
        router.connection.outgoing.append(",")
        router.connection.outgoing.append(registration)
        router.connection.outgoing.append(",{\"receive_progress\":true},[")
        router.connection.outgoing.append(count)
        router.connection.outgoing.append("]]")
        router.connection.outgoing.endFrame()
        try router.connection.flush()
        let began = Clock.now()
        var lastPart = began
        while true {
            guard try router.receive() else {
                guard Clock.now() - lastPart < Self.patience else {
                    throw LoadError("no rows for 30 s after \(outcome.rows)")
                }
                continue
            }
            lastPart = Clock.now()
            while let happening = try router.next() {
                switch happening {
                case .progress(request, let rows):
                    guard let rows, rows.lowerBound == outcome.rows + 1 else {
                        throw LoadError("rows are missing, doubled or out of order after \(outcome.rows)")
                    }
                    if outcome.rows == 0 { outcome.secondsToFirst = Double(lastPart - began) / 1e9 }
                    outcome.rows += rows.count
                    outcome.parts += 1
                case .yield(request, _):
                    guard outcome.rows == count else {
                        throw LoadError("\(outcome.rows) rows came, not \(count)")
                    }
                    outcome.seconds = Double(lastPart - began) / 1e9
                    return outcome
                case .error(_, let text):
                    throw LoadError("the answer is an error: \(text)")
                case .housekeeping, .publish, .call, .yield, .progress:
                    continue
                }
            }
            try router.connection.flush()
        }
    }
}
