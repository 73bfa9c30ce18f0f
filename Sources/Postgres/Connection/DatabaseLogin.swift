/// The role that logs in to the database, where that is found out, and may change, while the sidecar runs. On the event
/// loop.
package final class DatabaseLogin {
    /// A role and its password.
    package struct Credentials: Equatable {
        package let user: String
        package let password: String

        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    /// For the connections that are made from now on; nil as long as it is not known, and then nothing may connect.
    package var credentials: Credentials?

    package init() {}
}
