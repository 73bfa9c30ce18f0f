package import Names

/// Opens a session: `[1, realm, details]`.
package struct Hello: Sendable, Equatable {
    /// The realm to join.
    package var realm: Realm
    /// Our name and version, e.g. `wamp-sidecar/1.0.0`.
    package var agent: String
    /// The authentication methods that are configured; Crossbar.io refuses the session at the first that it does not
    /// know.
    package var methods: [String]
    /// The authid that we claim.
    package var authid: String?
    /// What the methods need in HELLO already.
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
