import NIOCore

/// Which failures of a procedure are news: a right, a function or a schema that is missing is missing for each call, so
/// that the first of them is reported, and another one after a time without any. Pure: the caller measures the time.
struct LastingFailures {
    /// A failure is forgotten so long after it last happened.
    static let memory = TimeAmount.minutes(10)

    /// A missing right, a missing function, a missing schema.
    private static let sqlstates: Set<String> = ["42501", "42883", "3F000"]

    private var last: [String: NIODeadline] = [:]  // names of ours

    /// A call has failed.
    ///
    /// - Returns: whether that is worth a report.
    mutating func happened(_ sqlstate: String, at now: NIODeadline) -> Bool {
        guard Self.sqlstates.contains(sqlstate) else { return true }
        guard let last = self.last.updateValue(now, forKey: sqlstate) else { return true }
        return now - last >= Self.memory
    }
}
