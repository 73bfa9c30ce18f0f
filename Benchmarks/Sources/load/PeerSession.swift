import Glibc

/// The peer's whole life, as the load program sees it: started, connected, joined, measured, ended.
struct PeerSession {
    /// The session that the stages run on.
    let router: RouterEnd
    /// Nil if the peer was not started here.
    let process: PeerProcess?

    /// Listens, starts the peer if there is a command, and waits for its RawSocket handshake.
    ///
    /// - Parameter port: 0 for a free one; it is reported on standard output either way.
    init(port: UInt16, command: [String]) throws(LoadError) {
        let listener = try Listener(port: port)
        var report = Report("listening")
        report.add("port", Int(listener.port))
        report.print()
        let process = command.isEmpty ? nil : try PeerProcess(command: command, port: listener.port)
        if let process {
            var report = Report("started")
            report.add("process", Int(process.id))
            report.print()
        }
        do {
            router = RouterEnd(connection: try Self.accept(listener, process))
            try router.connection.handshake()
        } catch {
            process?.kill()
            throw error
        }
        self.process = process
    }

    /// Runs `measure` on the session, then ends the peer: SIGTERM, after which UNREGISTER and GOODBYE are still
    /// answered. In any case, a peer that was started here does not outlive this call.
    func run(_ measure: (RouterEnd) throws(LoadError) -> Void) throws(LoadError) {
        defer { process?.kill() }
        try measure(router)
        guard let process else { return }
        let asked = Clock.now()
        process.terminate()
        while process.exitStatus() == nil, Clock.now() - asked < 15_000_000_000 {
            guard try serveClosing() else { continue }
            usleep(1_000)
        }
        var report = Report("peer ended")
        report.add("status", process.exitStatus() ?? -1)
        report.add("goodbye", router.hasSaidGoodbye ? 1 : 0)
        report.add("milliseconds", Double(Clock.now() - asked) / 1e6)
        report.print()
    }

    /// Serves the peer's last messages; true once its connection is closed.
    private func serveClosing() throws(LoadError) -> Bool {
        guard try router.connection.receive() != .closed else { return true }
        while try router.next() != nil {}
        try router.connection.flush()
        return false
    }

    private static func accept(_ listener: borrowing Listener, _ process: PeerProcess?) throws(LoadError) -> Connection
    {
        let began = Clock.now()
        while process == nil || Clock.now() - began < 30_000_000_000 {
            if let connection = try listener.connection(within: 100) { return connection }
            if let status = process?.exitStatus() { throw LoadError("the peer ended with status \(status)") }
        }
        throw LoadError("the peer did not connect within 30 s")
    }
}
