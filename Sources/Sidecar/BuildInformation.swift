import CEpoll
import Cryptography
import Postgres

/// What this binary was built from, and the libraries that it runs with.
package struct BuildInformation: Sendable, CustomStringConvertible {
    package let version: String
    /// Git's name of the commit; `unknown` if the build was given none.
    package let commit: String
    /// The versions of the libraries in this process. They may be newer than those that it was built with.
    package let libpq: String
    package let openSSL: String

    /// Of this process.
    package static let own = BuildInformation(
        version: Sidecar.version, commit: String(cString: wamp_sidecar_commit()), libpq: ClientLibrary.version,
        openSSL: CryptographicLibrary.version)

    /// Two lines: what it is, and what it runs with.
    package var description: String {
        """
        wamp-sidecar \(self.version) (commit \(self.commit))
        libpq \(self.libpq), OpenSSL \(self.openSSL)
        """
    }
}
