import NIOConcurrencyHelpers
import Postgres
import SQLInterface
import SidecarConfiguration

/// Looks at the SQL interface in each new session for leading: that needs no additional connection, and concerns the
/// same server as leading does.
final class InterfaceLook: Sendable {
    private let installation: SelfInstallation
    private let outcome = NIOLockedValueBox<SelfInstallation.Outcome?>(nil)

    init(_ database: DatabaseSettings) {
        self.installation = SelfInstallation(database)
    }

    /// The result of the last look; nil before the first.
    var found: SelfInstallation.Outcome? { self.outcome.withLockedValue { $0 } }

    /// Looks, on a thread where it may block.
    func run(on connection: borrowing ScriptConnection) throws(ConnectFailure) {
        do {
            let outcome = try self.installation.run(on: connection)
            self.outcome.withLockedValue { $0 = outcome }
        } catch {
            throw ConnectFailure("the SQL interface could not be examined: \(error)")
        }
    }
}
