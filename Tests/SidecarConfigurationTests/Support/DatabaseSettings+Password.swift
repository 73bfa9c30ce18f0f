import SidecarConfiguration

@testable import Postgres

extension DatabaseSettings {
    /// The password that connections are made with, nil if the file has none.
    var password: String? { self.connection.value.value("password") }
}
