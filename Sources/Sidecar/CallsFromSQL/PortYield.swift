import NIOCore
import Outbox
import Postgres

/// Lets another sidecar lead if this one's port can't listen: SQL calls out through the leader's port. On the event
/// loop.
///
/// Whether the other one's port listens can't be known before it leads. So a sidecar that can't listen, and sees
/// another one wait, gives way after a few seconds; each time it leads again and still can't listen, it waits twice as
/// long, so that two such sidecars don't pass leadership back and forth.
final class PortYield {
    /// How long the lead is left to others before this sidecar wants it again.
    static let pause = TimeAmount.seconds(5)
    private static let leastPatience = TimeAmount.seconds(3)
    private static let greatestPatience = TimeAmount.minutes(10)

    /// The sessions for leading of other sidecars, as far as this role may see them.
    private static let others = Statement(
        """
        select pg_catalog.count(*) from pg_catalog.pg_stat_activity a where a.usename = current_user \
        and a.datname = pg_catalog.current_database() and a.pid <> pg_catalog.pg_backend_pid() \
        and a.application_name like '% \(ConnectionSettings.Part.leader.rawValue)'
        """)

    private let eventLoop: any EventLoop
    private let giveWay: () -> Void
    private var session: (any LeaderSession)?
    private var isInVain = false
    private var patience = PortYield.leastPatience
    private var timer: Scheduled<Void>?

    /// - Parameter giveWay: called when leadership must be given up for a ``pause``.
    init(eventLoop: any EventLoop, giveWay: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.giveWay = giveWay
    }

    /// This sidecar leads, by this session.
    func begin(_ session: any LeaderSession) {
        self.session = session
        self.schedule()
    }

    /// It leads no more.
    func end() {
        self.session = nil
        self.timer?.cancel()
        self.timer = nil
    }

    /// The port listens, or could not be opened.
    func listening(_ isListening: Bool) {
        guard self.isInVain == isListening else { return }
        self.isInVain = !isListening
        self.timer?.cancel()
        self.timer = nil
        if isListening { self.patience = Self.leastPatience }
        self.schedule()
    }

    private func schedule() {
        guard self.session != nil, self.isInVain, self.timer == nil else { return }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: self.patience) {
            self.timer = nil
            self.look()
        }
    }

    private func look() {
        guard let session = self.session else { return }
        session.query(Self.others, Parameters()) { result in
            guard self.session === session, self.isInVain else { return }
            guard case .success(let rows) = result, let count = rows.values.first?.first ?? nil, count != "0" else {
                return self.schedule()
            }
            self.patience = min(self.patience + self.patience, Self.greatestPatience)
            self.giveWay()
        }
    }
}
