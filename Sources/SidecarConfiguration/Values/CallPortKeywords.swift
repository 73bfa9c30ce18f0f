import Postgres

/// How the database reaches the call port: the value of `caller.connect`, in libpq's keywords.
package struct CallPortKeywords: Sendable {
    /// The keywords for libpq, name and value.
    package let all: [(name: String, value: String)]

    /// Parses the text.
    ///
    /// - Parameter wantsTLS: whether the port accepts only TLS.
    init(_ text: String, wantsTLS: Bool) throws(TextFault) {
        do throws(ConnectionSettingsError) {
            self.all = try ConnectionSettings.keywords(of: text)
        } catch {
            throw TextFault(error.description)
        }
        if let secret = self.all.first(where: { ["user", "password", "passfile"].contains($0.name) }) {
            throw TextFault("has '\(secret.name)', which the sidecar sets itself; remove it")
        }
        let mode = self.all.first { $0.name == "sslmode" }?.value
        if wantsTLS, let mode, ["disable", "allow", "prefer"].contains(mode) {
            throw TextFault("has sslmode=\(mode), which can't be combined with caller.tls; write verify-full")
        }
    }
}
