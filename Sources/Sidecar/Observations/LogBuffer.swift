internal import DequeModule
import Functions

/// Lines of the log that are not written yet, within a bound. Pure.
struct LogBuffer {
    /// How many octets wait at most.
    let limit: Int
    private var lines: Deque<String> = []
    private var octets = 0
    private var dropped = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether there is nothing to write.
    var isEmpty: Bool { self.lines.isEmpty && self.dropped == 0 }

    /// Takes a line, or counts it if there is no room. What waits longest is kept: it says how the trouble began.
    mutating func append(_ line: String) {
        guard self.octets + line.utf8.count <= self.limit else {
            self.dropped += 1
            return
        }
        self.octets += line.utf8.count
        self.lines.append(line)
    }

    /// What is to be written next: a line, or else how many were dropped behind it.
    mutating func next() -> Next? {
        if let line = self.lines.popFirst() {
            self.octets -= line.utf8.count
            return .line(line)
        }
        guard self.dropped > 0 else { return nil }
        defer { self.dropped = 0 }
        return .dropped(self.dropped)
    }

    /// What is to be written.
    enum Next: Equatable {
        case line(String)
        /// So many lines were not kept.
        case dropped(Int)
    }
}
