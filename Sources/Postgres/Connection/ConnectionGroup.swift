internal import NIOCore

/// What the connections to one database know of one another. On the event loop.
final class ConnectionGroup {
    /// How long after the last session at a server another one, with another system identifier, may take its place.
    private static let systemPatience = TimeAmount.seconds(60)

    private struct Member {
        weak var keeper: ConnectionKeeper?
    }

    private var members: [Member] = []
    private var known: KnownServer?
    /// When a session was last begun or lost.
    private var lastChange: NIODeadline = .distantPast

    func add(_ keeper: ConnectionKeeper) {
        self.members.removeAll { $0.keeper == nil }
        self.members.append(Member(keeper: keeper))
    }

    /// The server that new connections have to be to, as far as it let itself be known; nil if any will do.
    func server(at now: NIODeadline) -> KnownServer? {
        guard var known else { return nil }
        known.isReplaceable =
            now - self.lastChange >= Self.systemPatience && self.members.allSatisfy { $0.keeper?.connection == nil }
        return known
    }

    /// A connection has been made, to a server that is no fault. Those to a server that it replaces are given up,
    /// before it is used.
    func connected(_ keeper: ConnectionKeeper, to server: ServerIdentity?, at now: NIODeadline) {
        self.lastChange = now
        guard let server else { return }
        guard var known else { return self.known = KnownServer(server) }
        let isNews = known.connected(to: server)
        self.known = known
        guard isNews else { return }
        for other in self.others(than: keeper) { other.leave(for: known) }
    }

    func lost(at now: NIODeadline) {
        self.lastChange = now
    }

    /// A connection has been made: whoever waits to try again need not wait any longer.
    func retryOthers(than keeper: ConnectionKeeper) {
        for other in self.others(than: keeper) { other.retrySoon() }
    }

    private func others(than keeper: ConnectionKeeper) -> [ConnectionKeeper] {
        self.members.compactMap(\.keeper).filter { $0 !== keeper }
    }
}
