import DequeModule
import NIOCore

/// Waiting notifications, in the order in which they came; limited by number and size.
struct NotificationQueue<Route> {
    /// The approximate size of one in memory besides its payload.
    private static var overhead: Int { 200 }

    private let most: Int
    private let mostOctets: Int
    private var entries: Deque<(route: Route, payload: ByteBuffer)> = []
    private var octets = 0

    /// - Parameters:
    ///   - most: how many may wait.
    ///   - mostOctets: how much memory they may take.
    init(most: Int = .max, mostOctets: Int) {
        self.most = most
        self.mostOctets = mostOctets
    }

    var isEmpty: Bool { self.entries.isEmpty }
    var count: Int { self.entries.count }

    /// Those that they are for, in order.
    var routes: some Sequence<Route> { self.entries.lazy.map(\.route) }

    /// Adds one; false if there is no room.
    mutating func append(_ payload: ByteBuffer, of route: Route) -> Bool {
        let octets = payload.readableBytes + Self.overhead
        guard self.entries.count < self.most, self.octets + octets <= self.mostOctets else { return false }
        self.octets += octets
        self.entries.append((route, payload))
        return true
    }

    mutating func popFirst() -> (route: Route, payload: ByteBuffer)? {
        guard let first = self.entries.popFirst() else { return nil }
        self.octets -= first.payload.readableBytes + Self.overhead
        return first
    }
}
