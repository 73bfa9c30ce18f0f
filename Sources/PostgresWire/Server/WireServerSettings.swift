/// Whether a server speaks TLS.
package enum WireEncryption: Sendable, Hashable {
    /// It does not.
    case none
    /// With whom asks for it.
    case offered
    /// With everybody: a session without is refused.
    case required
}

/// What a server says of itself, and whom it lets in.
package struct WireServerSettings: Sendable {
    /// Who may come in.
    package let credentials: WireCredentials
    /// Whether it speaks TLS.
    package let encryption: WireEncryption
    /// What binds TLS to our certificate (`tls-server-end-point`); nil: nothing does.
    package let endPoint: [UInt8]?
    /// How much is taken.
    package let limits: WireLimits
    /// What each session is told: names and values.
    package let parameters: [(name: String, value: String)]

    /// - Parameter serverVersion: of which PostgreSQL, and what we really are: `15.0 (wamp-sidecar)`.
    package init(
        credentials: WireCredentials, serverVersion: String, encryption: WireEncryption = .none,
        endPoint: [UInt8]? = nil, limits: WireLimits = WireLimits()
    ) {
        self.credentials = credentials
        self.encryption = encryption
        self.endPoint = endPoint
        self.limits = limits
        self.parameters = [
            ("server_version", serverVersion), ("server_encoding", "UTF8"), ("client_encoding", "UTF8"),
            ("DateStyle", "ISO, MDY"), ("IntervalStyle", "postgres"), ("TimeZone", "UTC"),
            ("integer_datetimes", "on"), ("standard_conforming_strings", "on"), ("is_superuser", "off"),
            ("default_transaction_read_only", "off"),
            ("in_hot_standby", "off"), ("application_name", ""),
        ]
    }
}
