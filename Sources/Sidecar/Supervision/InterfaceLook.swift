import NIOConcurrencyHelpers
import Postgres
import SQLInterface
import SidecarConfiguration

/// Looks at the SQL interface in each new session for leading: that takes no connection of its own, and no other server
/// than leading does.
final class InterfaceLook: Sendable {
    private let installation: NIOLockedValueBox<SelfInstallation>
    private let outcome = NIOLockedValueBox<SelfInstallation.Outcome?>(nil)

    init(_ database: DatabaseSettings) {
        self.installation = NIOLockedValueBox(SelfInstallation(database))
    }

    /// The next look is for another configuration.
    func change(_ database: DatabaseSettings) {
        self.installation.withLockedValue { $0 = SelfInstallation(database) }
    }

    /// What the last look found; nil before the first.
    var found: SelfInstallation.Outcome? { self.outcome.withLockedValue { $0 } }

    /// Looks, on a thread where it may block.
    func run(on connection: borrowing ScriptConnection) throws(ConnectFailure) {
        do {
            let outcome = try self.installation.withLockedValue { $0 }.run(on: connection)
            self.outcome.withLockedValue { $0 = outcome }
        } catch {
            throw ConnectFailure("the SQL interface could not be looked at: \(error)")
        }
    }
}
