import DequeModule

/// How many octets of documents callers' connections may hold together while they are received. On the event loop.
///
/// Each may be as long as a message for a router. Beyond the sum connections are not read any more, but for one: so that one document after the
/// other is complete.
struct CallerIntake {
    private let most: Int
    private var held: [Int32: Int] = [:]
    private var octets = 0
    /// The connection that is read whatever the sum is.
    private var favored: Int32?
    /// Those that are not read, the one that has waited longest first.
    private var paused: Deque<Int32> = []

    /// - Parameter most: octets.
    init(most: Int = 64 << 20) {
        self.most = most
    }

    /// What a connection holds.
    mutating func holds(_ connection: Int32, octets: Int) {
        let before = self.held[connection] ?? 0
        guard before != octets else { return }
        self.octets += octets - before
        self.held[connection] = octets > 0 ? octets : nil
        if octets == 0, self.favored == connection { self.favored = nil }
    }

    /// Whether a connection is to be read on; if not, it comes by ``next()`` when it is.
    mutating func mayRead(_ connection: Int32) -> Bool {
        if self.octets <= self.most || self.favored == connection || self.held[connection] == nil { return true }
        guard !self.paused.contains(connection) else { return false }
        if self.favored == nil {
            self.favored = connection
            return true
        }
        self.paused.append(connection)
        return false
    }

    /// A connection that is to be read again; nil if there is none, or no room.
    mutating func next() -> Int32? {
        guard self.octets <= self.most || self.favored == nil, let first = self.paused.popFirst() else { return nil }
        if self.octets > self.most, self.held[first] != nil { self.favored = first }
        return first
    }
}
