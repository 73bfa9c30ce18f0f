internal import DequeModule
import Functions

/// Lines of the log that are not written yet, within a limit. Pure.
struct LogBuffer {
    /// The most octets that wait.
    let limit: Int
    private var lines: Deque<String> = []
    private var octets = 0
    private var dropped = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether there is nothing to write.
    var isEmpty: Bool { self.lines.isEmpty && self.dropped == 0 }

    /// Takes a line, or counts it if there is no room. The oldest lines are kept: they show how the trouble began.
    mutating func append(_ line: String) {
        guard self.octets + line.utf8.count <= self.limit else {
            self.dropped += 1
            return
        }
        self.octets += line.utf8.count
        self.lines.append(line)
    }

    /// The next thing to write: a line, or else the number of lines dropped after it.
    mutating func next() -> Next? {
        if let line = self.lines.popFirst() {
            self.octets -= line.utf8.count
            return .line(line)
        }
        guard self.dropped > 0 else { return nil }
        defer { self.dropped = 0 }
        return .dropped(self.dropped)
    }

    /// The thing to write.
    enum Next: Equatable {
        case line(String)
        /// So many lines were dropped.
        case dropped(Int)
    }
}
