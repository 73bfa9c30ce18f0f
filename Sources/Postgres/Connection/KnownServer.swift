/// The server that connections have been to, and must be to.
///
/// After a failover the former primary may come back, and take writes: its timeline is the lower one. A server with
/// another system identifier is another database altogether.
struct KnownServer: Sendable, Equatable {
    private(set) var identity: ServerIdentity
    /// Nothing has been heard of it for so long that a server with another system identifier may take its place. A
    /// former primary may not.
    var isReplaceable = false

    init(_ identity: ServerIdentity) {
        self.identity = identity
    }

    /// Why connections must not be made to that server; nil if they may. What does not let itself be known is no
    /// reason.
    func fault(of server: ServerIdentity) -> String? {
        if let system = server.system, self.isAnother(server) {
            guard !self.isReplaceable else { return nil }
            return """
                this is another server: its system identifier is \(system), that of the one before is \(self.identity.system ?? ""); it is \
                not used while there are sessions at that one, nor for a minute after the last of them
                """
        }
        if let timeline = server.timeline, let own = self.identity.timeline, timeline < own {
            return """
                this is a former primary: it is on timeline \(timeline), and the sidecar has been on \(own) already; take it out of \
                service, or restart the sidecar if it is the right one
                """
        }
        return nil
    }

    /// There is a connection to that server, which was no fault. Returns whether those that were made before may be to
    /// another one.
    mutating func connected(to server: ServerIdentity) -> Bool {
        self.isReplaceable = false
        guard !self.isAnother(server) else {
            self.identity = server
            return true
        }
        let before = self.identity
        self.identity = ServerIdentity(
            system: server.system ?? before.system,
            timeline: [server.timeline, before.timeline].compactMap { $0 }.max())
        return self.identity != before
    }

    private func isAnother(_ server: ServerIdentity) -> Bool {
        guard let system = server.system, let own = self.identity.system else { return false }
        return system != own
    }
}
