import Logging

/// The lines of single calls.
extension Journal {
    /// How many slow calls of a procedure are written in an interval before they are counted.
    private static let slowCalls = 10

    func record(_ call: CallTrace) {
        var metadata: Logger.Metadata = [
            Key.procedure: "\(call.procedure)", Key.duration: "\(Self.text(call.duration))",
            Key.rows: .number(call.rows), Key.result: "\(call.result)",
        ]
        if let uri = call.called { metadata[Key.uri] = "\(uri)" }
        if let error = call.error { metadata[Key.error] = "\(error)" }
        if let sqlstate = call.sqlstate { metadata[Key.sqlstate] = "\(sqlstate)" }
        guard call.isSlow else { return self.log(.debug, "call", metadata: metadata) }
        self.count("slow \(call.procedure)", "slow call", metadata, level: .info, burst: Self.slowCalls)
    }
}
