import NIOCore
import Outbox
import Postgres
import SQLInterface

/// The consequences of the leadership: work that must happen once runs here, waits, or is left to another sidecar. On
/// the event loop.
final class Succession: Part, LeadershipOwner {
    /// How long nothing changes at the router while the leader is not known, if others stood by.
    private static let patience = TimeAmount.seconds(3)

    private let situation: CurrentSituation
    private let eventLoop: any EventLoop
    private let look: InterfaceLook
    private let database: (DatabaseEvent) -> Void
    private let observer: (Observation) -> Void
    /// Gives up waiting work; returns the numbers of events and notifications.
    private let dropWhatWaits: () -> (events: Int, notifications: Int)
    private let notified: (_ channel: String) -> Void
    private let mandate: Mandate
    private var timer: Scheduled<Void>?
    /// Reports whether others stood by.
    weak var leadership: Leadership?

    /// - Parameters:
    ///   - mandate: what those check that do such work.
    ///   - look: the first step of each new session for leading.
    ///   - database: receives the reports of the session for leading.
    ///   - notified: receives the notifications of the leader's session.
    init(
        situation: CurrentSituation, mandate: Mandate, eventLoop: any EventLoop, look: InterfaceLook,
        database: @escaping (DatabaseEvent) -> Void, observer: @escaping (Observation) -> Void,
        dropWhatWaits: @escaping () -> (events: Int, notifications: Int),
        notified: @escaping (_ channel: String) -> Void
    ) {
        self.situation = situation
        self.mandate = mandate
        self.eventLoop = eventLoop
        self.look = look
        self.database = database
        self.observer = observer
        self.dropWhatWaits = dropWhatWaits
        self.notified = notified
        mandate.lapsed = { [weak self] in self?.situation.change { $0.acting = .suspended } }
    }

    func follow(_ situation: Situation, from former: Situation) {
        if situation.hasBegunToStop(since: former) { self.timer?.cancel() }
    }

    // MARK: - The session for leading

    /// The interface may be installed, upgraded and dropped while the sidecar runs: each new session looks again.
    func leaderSessionOpened(backend: Int32, serverVersion: Int32) {
        guard let outcome = self.look.found else { return }
        self.database(.connected(.leader, backend: backend, serverVersion: serverVersion))
        let former = self.situation.now.interface
        if former?.outcome.state != outcome.state || !outcome.done.isEmpty { self.observer(.interface(outcome)) }
        self.situation.change {
            $0.interface = Situation.Interface(look: (former?.look ?? 0) + 1, outcome: outcome)
        }
    }

    func leaderSessionFailed(_ failure: ConnectFailure) {
        self.database(.connectFailed(.leader, failure))
    }

    func leaderSessionLost(_ reason: String?) {
        if let reason { self.database(.lost(.leader, reason: reason)) }
    }

    func leaderNotified(channel: String) {
        self.notified(channel)
    }

    // MARK: - The leader

    func startedLeading(_ session: any LeaderSession) {
        self.situation.change { if $0.isInstalled { $0.leaderSession = session } }
    }

    func stoppedLeading() {
        self.situation.change { $0.leaderSession = nil }
    }

    /// After the mandate has lapsed what waits is run here after all: no other sidecar has had the lease.
    func leaseProven(until end: NIODeadline) {
        self.mandate.prove(until: end, at: self.eventLoop.now)
        guard self.mandate.isInForce, case .leader = self.situation.now.leadership,
            self.situation.now.acting != .here
        else { return }
        self.situation.change { $0.acting = .here }
    }

    func roleChanged(_ role: Leadership.Role) {
        switch role {
        case .unknown:
            self.mandate.giveUp()
            self.become(role, .suspended)
            self.waitForAnother()
        case .leader(let continued):
            if !continued { self.leaveWhatWaits() }
            self.become(role, self.mandate.isInForce ? .here : .suspended)
        case .standby:
            self.mandate.giveUp()
            self.leaveWhatWaits()
            self.become(role, .elsewhere)
        }
    }

    func leadershipGivenUp() {
        self.mandate.giveUp()
        self.become(.unknown, .elsewhere)
    }

    private func become(_ role: Leadership.Role, _ acting: Acting) {
        self.timer?.cancel()
        self.situation.change {
            $0.leadership = role
            $0.acting = acting
        }
    }

    /// The database may soon be back, and no other sidecar may lead: nothing is returned, and nothing runs. After a
    /// while one of the standbys leads.
    private func waitForAnother() {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
            guard case .suspended = self.situation.now.acting, self.leadership?.hasStandbys == true else { return }
            self.situation.change { $0.acting = .deposed }
        }
    }

    /// Another sidecar leads, or has led meanwhile: it also got all work that came since this one lost the lease.
    private func leaveWhatWaits() {
        let (events, notifications) = self.dropWhatWaits()
        guard events > 0 || notifications > 0 else { return }
        self.observer(.leftToLeader(events: events, notifications: notifications))
    }
}
