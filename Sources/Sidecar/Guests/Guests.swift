import NIOCore
import Postgres
import SidecarConfiguration

/// Runs the functions of low roles, in sessions of a role without rights. On the event loop.
///
/// The work that such a function leaves for the commit (cursors WITH HOLD, deferred triggers and constraints) runs as
/// the session's role. So that role must not be the sidecar's. No connection is made before a registration needs it.
final class Guests {
    /// Runs a mapping in place of the sidecar's own pool.
    struct Runner {
        let role: String
        let pool: Pool
    }

    private static let pause = TimeAmount.seconds(2)

    let pool: Pool
    private let query: String
    private let login = DatabaseLogin()
    /// The sidecar's own, which may read the password.
    private let control: Control
    /// The guest's, which may cancel the guest's work.
    private let guestsControl: Control
    private let eventLoop: any EventLoop
    private let changed: () -> Void
    private var isWanted = false
    private var isAsking = false
    private var isStopped = false
    /// Why there is no connection; nil if there is, or nothing is known yet.
    private var failure: String?

    /// - Parameters:
    ///   - control: the sidecar's own.
    ///   - changed: called whenever ``complaint``, or what is missing in ``pool``, may have changed.
    init(
        _ settings: DatabaseSettings, environment: DatabaseEnvironment, control: Control,
        observer: @escaping (Observation) -> Void, changed: @escaping () -> Void
    ) {
        let environment = environment.loggingIn(with: self.login)
        self.query = "select role, password from \(SQLText.qualified(settings.schema, "guest_login"))()"
        self.control = control
        self.guestsControl = Control(environment: environment) { _ in }
        self.eventLoop = environment.eventLoop
        self.changed = changed
        let told = EventRelay()
        self.pool = Pool(
            part: .guests, environment: environment, limits: .guests(settings), control: self.guestsControl
        ) { event in
            switch event {
            // The sidecar's own pool reports the state of the database as a whole.
            case .callsAvailable, .callsUnavailable: break
            case .connected, .connectFailed, .connectionMissing, .connectionsComplete, .lost, .listening:
                observer(.database(event))
            }
            told.guests?.observed(event)
        }
        told.guests = self
    }

    /// The fault and its remedy; nil if nothing is wrong.
    var complaint: String? {
        guard let failure = self.failure else { return nil }
        let role = self.login.credentials.map { "the role \($0.user) can't log in" } ?? "there is no role to log in as"
        return """
            functions of low roles can't run: \(role): \(failure); pg_hba.conf must allow it to log in with a \
            password; if its password was changed, wamp-sidecar install repairs it
            """
    }

    /// The runner for a low role's mapping. From now on there are connections.
    func runner(as role: String) -> Runner {
        self.isWanted = true
        if self.login.credentials == nil { self.ask() }
        return Runner(role: role, pool: self.pool)
    }

    /// Closes all connections.
    func stop() {
        self.isStopped = true
        self.pool.stop()
        self.guestsControl.stop()
    }

    /// The most connections: each for calls with a spare one, and one that cancels their work.
    static func descriptors(_ settings: DatabaseSettings) -> Int { 2 * PoolLimits.guests(settings).connections + 1 }

    // MARK: - The login

    private func ask() {
        guard self.isWanted, !self.isAsking, !self.isStopped else { return }
        self.isAsking = true
        self.control.query(self.query) { result in
            self.isAsking = false
            guard !self.isStopped else { return }
            switch result {
            case .success(let rows):
                guard let row = rows.values.first, row.count == 2, let user = row[0], let password = row[1] else {
                    return self.isUnknown("the guest role is not there")
                }
                self.found(DatabaseLogin.Credentials(user: user, password: password))
            case .failure(let failure):
                self.isUnknown(failure.description)
            }
        }
    }

    private func found(_ credentials: DatabaseLogin.Credentials) {
        guard credentials != self.login.credentials else { return }
        let isFirst = self.login.credentials == nil
        self.login.credentials = credentials
        guard isFirst else { return self.pool.retrySoon() }
        self.failure = nil
        self.guestsControl.start()
        self.pool.start()
    }

    private func isUnknown(_ reason: String) {
        // Once there have been connections, these report.
        guard self.login.credentials == nil else { return }
        self.failure = reason
        self.changed()
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.ask() }
    }

    // MARK: - Connections

    fileprivate func observed(_ event: DatabaseEvent) {
        switch event {
        case .connected:
            guard self.failure != nil else { return }
            self.failure = nil
            self.changed()
        case .connectFailed(_, let failure):
            // The role may have got another password.
            self.ask()
            guard self.failure != failure.description else { return }
            self.failure = failure.description
            self.changed()
        case .connectionMissing:
            self.ask()
            self.changed()
        case .connectionsComplete:
            self.changed()
        case .callsAvailable, .callsUnavailable, .lost, .listening:
            break
        }
    }
}

/// Passes on the pool's reports; the pool is made before the guests are.
private final class EventRelay {
    weak var guests: Guests?
}
