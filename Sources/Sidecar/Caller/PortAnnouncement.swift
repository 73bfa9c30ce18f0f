import NIOCore
import Postgres

/// Tells the database where the caller's port is, and with what to log in there. On the event loop.
///
/// The leader does it each time it begins to lead, so that the foreign server always leads to a sidecar that is there. Password and key go
/// as bound values: they are part of no statement's text.
final class PortAnnouncement {
    private static let retryInterval = TimeAmount.seconds(10)

    private let statement: String
    private let options: [(name: String, value: String)]
    private let password: String
    private let key: String
    private let control: Control
    private let eventLoop: any EventLoop
    private let observer: (Observation) -> Void
    private var isWanted = false
    private var retry: Scheduled<Void>?

    /// - Parameters:
    ///   - schema: where the SQL interface is, as an identifier.
    ///   - options: of the foreign server, as libpq has them.
    ///   - key: what only the interface's own functions may know.
    init(
        schema: String, options: [(name: String, value: String)], password: String, key: String, control: Control,
        eventLoop: any EventLoop, observer: @escaping (Observation) -> Void
    ) {
        self.statement = """
            select \(schema).port_configure($1::pg_catalog.text[], $2::pg_catalog.text, $3::pg_catalog.text, \
            $4::pg_catalog.text)
            """
        self.options = options
        self.password = password
        self.key = key
        self.control = control
        self.eventLoop = eventLoop
        self.observer = observer
    }

    /// From now on the port is this sidecar's.
    func begin() {
        self.isWanted = true
        self.announce()
    }

    /// It is another's, or nothing is known.
    func end() {
        self.isWanted = false
        self.retry?.cancel()
        self.retry = nil
    }

    private func announce() {
        guard self.isWanted else { return }
        var values = Parameters()
        values.append(SQLText.array(self.options.flatMap { [$0.name, $0.value] }))
        values.append(CallerPort.user)
        values.append(self.password)
        values.append(self.key)
        self.control.query(self.statement, values) { result in
            switch result {
            case .success:
                self.observer(.portAnnounced)
            case .failure(let failure):
                self.observer(.portNotAnnounced(reason: failure.description))
                self.announceLater()
            }
        }
    }

    private func announceLater() {
        guard self.isWanted else { return }
        self.retry = self.eventLoop.assumeIsolated().scheduleTask(in: Self.retryInterval) { self.announce() }
    }
}
