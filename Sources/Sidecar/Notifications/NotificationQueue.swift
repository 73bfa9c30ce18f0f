import DequeModule
import NIOCore

/// Waiting notifications, in the order in which they came; limited by size.
struct NotificationQueue<Route> {
    /// The approximate size of one in memory besides its payload.
    private static var overhead: Int { 200 }

    private var entries: Deque<(route: Route, payload: ByteBuffer)> = []
    /// How much memory they take.
    private(set) var octets = 0

    var isEmpty: Bool { self.entries.isEmpty }
    var count: Int { self.entries.count }

    /// Those that they are for, in order.
    var routes: some Sequence<Route> { self.entries.lazy.map(\.route) }

    /// Adds one; false if all would take more memory than that.
    mutating func append(_ payload: ByteBuffer, of route: Route, most: Int) -> Bool {
        let octets = payload.readableBytes + Self.overhead
        guard self.octets + octets <= most else { return false }
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
