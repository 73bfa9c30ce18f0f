import SidecarConfiguration

@testable import Postgres

extension DatabaseSettings {
    /// The connections' password; nil if the file has none.
    var password: String? { self.connection.value.value("password") }
}
