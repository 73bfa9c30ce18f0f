import CallPort
import Functions
import NIOCore
import Names
import Outbox
import Postgres

/// Announces the call port's address and login to the database: the port of the sidecar that leads, as long as it
/// listens. On the event loop.
///
/// An address without a listener is withdrawn, so that another process that binds the address gets neither password nor
/// calls. All statements run in the leader's session, as the database requires; password and key are bound values, so
/// no statement's text contains them. The announcement is checked every few seconds, since somebody may drop dblink,
/// and with it the foreign server, and create it again.
final class PortAnnouncement {
    /// The file's settings of the port.
    struct Port {
        /// Options of the foreign server, in libpq's form.
        let options: [(name: String, value: String)]
        let password: String
    }

    private enum Told {
        case nothing
        case announced
        case withdrawn
        case failed(String)
    }

    private static let interval = TimeAmount.seconds(5)

    private let configure: Statement
    private let withdraw: Statement
    private let port: Port?
    private let eventLoop: any EventLoop
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    /// Called with the port key, which the port's clients must prove to know.
    var keyIsKnown: ((CallPortKey) -> Void)?
    private var session: (any LeaderSession)?
    private var isListening = false
    private var isAsking = false
    private var isToAskAgain = false
    private var told = Told.nothing
    private var hasAnswered = false
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - schema: the schema of the SQL interface, as an identifier.
    ///   - port: nil if the file opens none.
    ///   - changed: called whenever ``isAnswered`` or ``complaint`` may have changed.
    init(
        schema: String, port: Port?, eventLoop: any EventLoop, observer: @escaping (Observation) -> Void,
        changed: @escaping () -> Void
    ) {
        self.configure = Statement(
            """
            select key, is_changed from \(schema).port_configure($1::pg_catalog.text[], $2::pg_catalog.text, \
            $3::pg_catalog.text)
            """)
        self.withdraw = Statement("select \(schema).port_withdraw()")
        self.port = port
        self.eventLoop = eventLoop
        self.observer = observer
        self.changed = changed
    }

    /// Whether the database has answered the first announcement, if there is one to make.
    var isAnswered: Bool { self.hasAnswered || !self.isListening || self.session == nil || self.port == nil }

    /// Why the port could not be announced; nil if it could, or nobody tries.
    var complaint: Complaint? {
        guard self.session != nil, self.port != nil, case .failed(let reason) = self.told else { return nil }
        return Complaint(
            name: "calls from SQL", reason: "the call port can't be announced to the database: \(reason)")
    }

    /// Whether the database knows this port now.
    var isAnnounced: Bool {
        switch self.told {
        case .announced: true
        case .nothing, .withdrawn, .failed: false
        }
    }

    /// This sidecar leads, by this session: from now on its own port is announced.
    func begin(_ session: any LeaderSession) {
        self.session = session
        self.told = .nothing
        self.isAsking = false
        self.ask()
    }

    /// Another sidecar leads, or the leader is not known.
    func end() {
        self.session = nil
        self.timer?.cancel()
        self.timer = nil
    }

    /// The port has begun or stopped listening.
    func listening(_ isListening: Bool) {
        guard self.isListening != isListening else { return }
        self.isListening = isListening
        self.ask()
    }

    private func ask() {
        guard let session = self.session else { return }
        guard !self.isAsking else {
            self.isToAskAgain = true
            return
        }
        self.timer?.cancel()
        self.timer = nil
        self.isAsking = true
        if self.isListening, let port = self.port { self.announce(port, session) } else { self.takeBack(session) }
    }

    private func announce(_ port: Port, _ session: any LeaderSession) {
        var values = Parameters()
        values.append(SQLText.array(port.options.flatMap { [$0.name, $0.value] }))
        values.append(CallPort.user)
        values.append(port.password)
        session.query(self.configure, values) { result in
            self.answered(session, result) { rows in
                guard let row = rows.values.first, let digits = row.first ?? nil, let key = CallPortKey(digits: digits)
                else {
                    return self.failed("port_configure returned no key")
                }
                self.keyIsKnown?(key)
                let isNews = !self.isAnnounced || row.last == "t"
                self.told = .announced
                if isNews { self.observer(.portAnnounced) }
            }
        }
    }

    private func takeBack(_ session: any LeaderSession) {
        session.query(self.withdraw, Parameters()) { result in
            self.answered(session, result) { rows in
                self.told = .withdrawn
                if rows.values.first?.first == "t" { self.observer(.portTakenBack) }
            }
        }
    }

    private func answered(
        _ session: any LeaderSession, _ result: Result<Rows, QueryFailure>, _ success: (Rows) -> Void
    ) {
        // The answer belongs to a session that is lost.
        guard self.session === session else { return }
        self.isAsking = false
        switch result {
        case .success(let rows): success(rows)
        case .failure(.unavailable): break
        case .failure(let failure): self.failed(failure.description)
        }
        if self.isToAskAgain {
            self.isToAskAgain = false
            self.ask()
        } else {
            if self.isListening { self.hasAnswered = true }
            self.askLater()
        }
        self.changed()
    }

    /// Reported once for each reason: it is tried again and again.
    private func failed(_ reason: String) {
        if case .failed(let last) = self.told, last == reason { return }
        self.told = .failed(reason)
        if self.port != nil { self.observer(.portNotAnnounced(reason: reason)) }
    }

    private func askLater() {
        // If no file opens a port, a single withdrawal is enough.
        guard self.session != nil, self.port != nil else { return }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { self.ask() }
    }
}
