/// The server of the connections so far, which further connections must reach.
///
/// After a failover the former primary may come back and accept writes: its timeline is the lower one. A server with
/// another system identifier is another database altogether.
struct KnownServer: Sendable, Equatable {
    private(set) var identity: ServerIdentity
    /// The server has been silent for so long that one with another system identifier may replace it. A former primary
    /// may not.
    var isReplaceable = false

    init(_ identity: ServerIdentity) {
        self.identity = identity
    }

    /// Why connections to that server are refused; nil if they are allowed. Unknown facts are no reason to refuse.
    func fault(of server: ServerIdentity) -> String? {
        if let system = server.system, self.isAnother(server) {
            guard !self.isReplaceable else { return nil }
            return """
                this is another server: its system identifier is \(system), that of the one before is \
                \(self.identity.system ?? ""); it is not used while there are sessions at that one, nor for a minute \
                after the last of them
                """
        }
        if let timeline = server.timeline, let own = self.identity.timeline, timeline < own {
            return """
                this is a former primary: it is on timeline \(timeline), and the sidecar has been on \(own) already; \
                take it out of service, or restart the sidecar if it is the right server
                """
        }
        return nil
    }

    /// A connection to that server, an acceptable one, has been made. Returns whether earlier connections may be to
    /// another server.
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
