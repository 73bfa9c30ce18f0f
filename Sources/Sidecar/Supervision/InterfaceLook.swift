import NIOConcurrencyHelpers
import Postgres
import SidecarConfiguration

/// Looks at the SQL interface in each new session for leading: that takes no connection of its own, and no other server
/// than leading does.
final class InterfaceLook: Sendable {
    private let schema: String
    private let grantTo: [String]?
    private let registerTo: [String]?
    private let outcome = NIOLockedValueBox<SelfInstallation.Outcome?>(nil)

    init(_ database: DatabaseSettings) {
        self.schema = database.schema
        self.grantTo = database.grantTo
        self.registerTo = database.registerTo
    }

    /// What the last look found; nil before the first.
    var found: SelfInstallation.Outcome? { self.outcome.withLockedValue { $0 } }

    /// Looks, on a thread where it may block.
    func run(on connection: borrowing ScriptConnection) throws(ConnectFailure) {
        do {
            let outcome = try SelfInstallation.run(
                schema: self.schema, grantTo: self.grantTo, registerTo: self.registerTo, on: connection)
            self.outcome.withLockedValue { $0 = outcome }
        } catch {
            throw ConnectFailure("the SQL interface could not be looked at: \(error)")
        }
    }
}
