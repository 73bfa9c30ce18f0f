package import Names

/// Opens a session: `[1, realm, details]`.
package struct Hello: Sendable, Equatable {
    /// Where to.
    package var realm: Realm
    /// Our name and version, e.g. `wamp-sidecar/1.0.0`.
    package var agent: String
    /// The authentication methods that are configured; Crossbar.io refuses at the first it does not know.
    package var methods: [String]
    /// Who we say we are.
    package var authid: String?
    /// What the methods need at once.
    package var authextra: [String: Value]

    /// Takes the elements in the order of the message.
    package init(
        realm: Realm, agent: String, methods: [String] = [], authid: String? = nil, authextra: [String: Value] = [:]
    ) {
        self.realm = realm
        self.agent = agent
        self.methods = methods
        self.authid = authid
        self.authextra = authextra
    }
}
