import CallPort
import Functions
import NIOCore
import Names
import Postgres

/// Tells the database where the call port is, and with what to log in there: the port of the sidecar that leads, as
/// long as it listens. On the event loop.
///
/// What nobody listens at is taken back, so that whoever binds the address next gets neither password nor calls. All of
/// it runs in the leader's session, which the database demands; password and key go as bound values: they are part of
/// no statement's text. It is asked again every few seconds, since dblink, and with it the foreign server, may be
/// dropped and made again.
final class PortAnnouncement {
    /// What the file says of the port.
    struct Port {
        /// Options of the foreign server, as libpq has them.
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
    /// Called with the key that the port's clients have to prove that they know.
    var keyIsKnown: ((CallPortKey) -> Void)?
    private var session: DatabaseSession?
    private var isListening = false
    private var isAsking = false
    private var isToAskAgain = false
    private var told = Told.nothing
    private var hasAnswered = false
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - schema: where the SQL interface is, as an identifier.
    ///   - port: nil where the file opens none.
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

    /// Whether the database has answered when it was told the way for the first time, if it is to be told.
    var isAnswered: Bool { self.hasAnswered || !self.isListening || self.session == nil || self.port == nil }

    /// Why the database could not be told the way to the port; nil if it could, or nobody tries.
    var complaint: Complaint? {
        guard self.session != nil, self.port != nil, case .failed(let reason) = self.told else { return nil }
        return Complaint(
            name: "calls from SQL", reason: "the database could not be told the way to the port: \(reason)")
    }

    /// Whether the database knows the way to this port now.
    var isAnnounced: Bool {
        switch self.told {
        case .announced: true
        case .nothing, .withdrawn, .failed: false
        }
    }

    /// This sidecar leads, by this session: from now on the port is its.
    func begin(_ session: DatabaseSession) {
        self.session = session
        self.told = .nothing
        self.isAsking = false
        self.ask()
    }

    /// It is another's, or nothing is known.
    func end() {
        self.session = nil
        self.timer?.cancel()
        self.timer = nil
    }

    /// The port has begun to listen, or listens no more.
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

    private func announce(_ port: Port, _ session: DatabaseSession) {
        var values = Parameters()
        values.append(SQLText.array(port.options.flatMap { [$0.name, $0.value] }))
        values.append(CallPort.user)
        values.append(port.password)
        session.query(self.configure, values) { result in
            self.answered(session, result) { rows in
                guard let row = rows.values.first, let digits = row.first ?? nil, let key = CallPortKey(digits: digits)
                else {
                    return self.failed("port_configure told no key")
                }
                self.keyIsKnown?(key)
                let isNews = !self.isAnnounced || row.last == "t"
                self.told = .announced
                if isNews { self.observer(.portAnnounced) }
            }
        }
    }

    private func takeBack(_ session: DatabaseSession) {
        session.query(self.withdraw) { result in
            self.answered(session, result) { rows in
                self.told = .withdrawn
                if rows.values.first?.first == "t" { self.observer(.portTakenBack) }
            }
        }
    }

    private func answered(
        _ session: DatabaseSession, _ result: Result<Rows, QueryFailure>, _ success: (Rows) -> Void
    ) {
        // Of a session that is none any more.
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

    /// Told once for each reason: it is tried again and again.
    private func failed(_ reason: String) {
        if case .failed(let last) = self.told, last == reason { return }
        self.told = .failed(reason)
        if self.port != nil { self.observer(.portNotAnnounced(reason: reason)) }
    }

    private func askLater() {
        // What no file opens needs to be taken back once.
        guard self.session != nil, self.port != nil else { return }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { self.ask() }
    }
}
