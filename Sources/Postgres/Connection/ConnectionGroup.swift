/// What the connections to one database know of one another. On the event loop.
package final class ConnectionGroup {
    private struct Member {
        weak var keeper: ConnectionKeeper?
    }

    private var members: [Member] = []
    /// Ends a backend that no longer answers; calls back when the server has been asked, or can't be.
    var endBackend: ((_ backend: Int32, _ completion: @escaping () -> Void) -> Void)?
    /// The server that all connections have to be to, as far as it let itself be known.
    private(set) var server: ServerIdentity?

    package init() {}

    func add(_ keeper: ConnectionKeeper) {
        self.members.removeAll { $0.keeper == nil }
        self.members.append(Member(keeper: keeper))
    }

    /// A connection has been made. Those to a server that has been replaced by this one are given up.
    ///
    /// - Parameter isNews: it could not be made before: so the others, which may be waiting to try again, need not wait any longer.
    func connected(_ keeper: ConnectionKeeper, to server: ServerIdentity?, isNews: Bool) {
        let isNewer = server.map { $0.replaces(self.server) } ?? false
        if isNewer { self.server = server }
        for case let other? in self.members.map(\.keeper) where other !== keeper {
            if isNews { other.retryNow() }
            if isNewer { other.leave(for: server) }
        }
    }
}
