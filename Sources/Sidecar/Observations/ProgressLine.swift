import Names

/// How far long work is, as one line of a terminal that is written again and again. Pure: the caller measures the time
/// and writes.
package struct ProgressLine {
    /// The line is not written more often than that.
    package static let interval = Duration.milliseconds(250)

    /// What is done with the things: `dead letters retried`.
    private let deed: String
    private var shown = ""
    private var last: Duration?

    /// Takes what is done with the things: `dead letters retried`.
    package init(_ deed: String) {
        self.deed = deed
    }

    /// The octets to write, if it is time for them.
    ///
    /// - Parameters:
    ///   - time: since any moment, the same for all calls.
    ///   - columns: how wide the terminal is: the line must not be broken there; nil if that is not known.
    package mutating func advanced(to done: Int, of all: Int, at time: Duration, columns: Int? = nil) -> String? {
        if let last = self.last, time - last < Self.interval { return nil }
        self.last = time
        var line = "\(Quantity.grouped(done)) of \(Quantity.grouped(all)) \(self.deed)"
        if let columns { line = String(line.prefix(max(columns - 1, 0))) }
        defer { self.shown = line }
        return "\r\(line)" + self.blanks(self.shown.utf8.count - line.utf8.count)
    }

    /// The octets that remove the line; nil if there is none.
    package mutating func ended() -> String? {
        guard !self.shown.isEmpty else { return nil }
        defer { self.shown = "" }
        return "\r\(self.blanks(self.shown.utf8.count))\r"
    }

    private func blanks(_ count: Int) -> String { String(repeating: " ", count: max(count, 0)) }
}
