import CallPort
import NIOCore
import Names
import Outbox
import SidecarConfiguration
import WAMPClient

/// Calls from SQL: they leave through the call port of the sidecar that leads. On the event loop.
final class CallsFromSQL: Part {
    /// Nil if the file opens no port.
    let port: CallPort?
    private var wantedSessions: Int
    private let observer: (CallPortEvent) -> Void
    /// The announcement of the port to the database.
    let announcement: PortAnnouncement
    private let yield: PortYield

    /// - Parameters:
    ///   - wantedSessions: the file's limit of simultaneous connections.
    ///   - announcement: withdraws the announcements of other sidecars if there is no port.
    init(
        port: CallPort?, wantedSessions: Int, announcement: PortAnnouncement, yield: PortYield,
        observer: @escaping (CallPortEvent) -> Void
    ) {
        self.port = port
        self.wantedSessions = wantedSessions
        self.announcement = announcement
        self.yield = yield
        self.observer = observer
        announcement.keyIsKnown = { [port] in port?.key = $0 }
    }

    func start() {
        guard let port = self.port else { return }
        self.tellOfFewerSessions(port)
        port.start()
    }

    /// Other limits and another certificate hold for the callers that come from now on.
    func change(_ configuration: CallPort.Configuration, wantedSessions: Int) throws {
        guard let port = self.port else { return }
        let former = port.mostSessions
        try port.change(configuration)
        guard wantedSessions != self.wantedSessions || port.mostSessions != former else { return }
        self.wantedSessions = wantedSessions
        self.tellOfFewerSessions(port)
    }

    private func tellOfFewerSessions(_ port: CallPort) {
        if port.mostSessions < self.wantedSessions {
            self.observer(.fewerSessions(wanted: self.wantedSessions, possible: port.mostSessions))
        }
    }

    func follow(_ situation: Situation, from former: Situation) {
        switch situation.sessionChange(since: former) {
        case .joined(let session): self.port?.peer = session
        case .left: self.port?.peer = nil
        case nil: break
        }
        // Calls go to the other sidecar's port; this one's calls are sent there.
        if case .standby = situation.leadership, situation.leadership != former.leadership { self.port?.key = nil }
        if situation.leaderSession !== former.leaderSession { self.lead(situation.leaderSession) }
        if let isListening = situation.isPortListening, isListening != former.isPortListening {
            self.announcement.listening(isListening)
            self.yield.listening(isListening)
        }
        if situation.isRouterReading, !former.isRouterReading { self.port?.writable() }
    }

    private func lead(_ session: (any LeaderSession)?) {
        guard let session else {
            self.announcement.end()
            return self.yield.end()
        }
        self.announcement.begin(session)
        self.yield.begin(session)
    }

    var faultKind: FaultKind? { .callPort }

    var complaints: ComplaintSummary { ComplaintSummary(named: self.announcement.complaint.map { [$0] } ?? []) }

    /// Functions of this very database may wait for the answers of calls.
    func drain(completion: @escaping () -> Void) {
        guard let port = self.port else { return completion() }
        port.drain(completion: completion)
    }

    func stop() {
        self.port?.stop()
    }
}
