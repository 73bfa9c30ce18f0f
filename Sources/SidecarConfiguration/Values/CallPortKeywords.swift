import Postgres

/// How the database reaches the call port: what `caller.connect` says, in libpq's keywords.
package struct CallPortKeywords: Sendable {
    /// What libpq is told, name and value.
    package let all: [(name: String, value: String)]

    /// Takes the text apart.
    ///
    /// - Parameter wantsTLS: whether callers come in over TLS only.
    init(_ text: String, wantsTLS: Bool) throws(TextFault) {
        do throws(ConnectionSettingsError) {
            self.all = try ConnectionSettings.keywords(of: text)
        } catch {
            throw TextFault(error.description)
        }
        if let secret = self.all.first(where: { ["user", "password", "passfile"].contains($0.name) }) {
            throw TextFault("has '\(secret.name)', which the sidecar sees to; leave it out")
        }
        let mode = self.all.first { $0.name == "sslmode" }?.value
        if wantsTLS, let mode, ["disable", "allow", "prefer"].contains(mode) {
            throw TextFault("has sslmode=\(mode), which does not go with caller.tls; write verify-full")
        }
    }
}
