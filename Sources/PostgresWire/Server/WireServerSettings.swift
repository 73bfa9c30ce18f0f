/// Whether a server speaks TLS.
package enum WireEncryption: Sendable, Hashable {
    /// No.
    case none
    /// For clients that ask for it.
    case offered
    /// For all clients: a session without it is refused.
    case required
}

/// What a server announces, and whom it admits.
package struct WireServerSettings: Sendable {
    /// The users that may log in.
    package let credentials: WireCredentials
    /// Whether it speaks TLS.
    package let encryption: WireEncryption
    /// What binds TLS to our certificate (`tls-server-end-point`); nil if nothing does.
    package let endPoint: [UInt8]?
    /// The limits for what a client sends.
    package let limits: WireLimits
    /// The parameters that each session reports: names and values.
    package let parameters: [(name: String, value: String)]

    /// - Parameter serverVersion: a version of PostgreSQL, and what the server really is: `15.0 (wamp-sidecar)`.
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
