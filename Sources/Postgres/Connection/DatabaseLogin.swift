/// The role that logs in to the database, if the sidecar learns it, and it may change, while the sidecar runs. On the
/// event loop.
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

    /// For all further connections; nil as long as it is not known, and then no connection is made.
    package var credentials: Credentials?

    package init() {}
}
