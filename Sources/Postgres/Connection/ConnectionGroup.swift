internal import NIOCore

/// The knowledge that the connections to one database share. On the event loop.
final class ConnectionGroup {
    /// How long after the last session at a server another server, with another system identifier, may replace it.
    private static let systemPatience = TimeAmount.seconds(60)

    private struct Member {
        weak var keeper: ConnectionKeeper?
    }

    private var members: [Member] = []
    private var known: KnownServer?
    /// When the last session was begun or lost.
    private var lastChange: NIODeadline = .distantPast

    func add(_ keeper: ConnectionKeeper) {
        self.members.removeAll { $0.keeper == nil }
        self.members.append(Member(keeper: keeper))
    }

    /// The server that new connections must reach, as far as it identified itself; nil if any server will do.
    func server(at now: NIODeadline) -> KnownServer? {
        guard var known else { return nil }
        known.isReplaceable =
            now - self.lastChange >= Self.systemPatience && self.members.allSatisfy { $0.keeper?.connection == nil }
        return known
    }

    /// A connection has been made, to an acceptable server. Connections to a server that it replaces are given up
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

    /// A connection has been made: the others that wait for their next attempt may try at once.
    func retryOthers(than keeper: ConnectionKeeper) {
        for other in self.others(than: keeper) { other.retrySoon() }
    }

    private func others(than keeper: ConnectionKeeper) -> [ConnectionKeeper] {
        self.members.compactMap(\.keeper).filter { $0 !== keeper }
    }
}
