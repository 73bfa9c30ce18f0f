internal import NIOOpenSSL

extension TLSContext {
    /// The context for TLS with the router. Reads the files, so it blocks.
    convenience init(_ settings: RouterTLSSettings) throws(TLSError) {
        var configuration = TLSConfiguration(identity: settings.identity)
        configuration.trust = settings.caFile.map { .file($0.path) } ?? .system
        configuration.minimumVersion =
            switch settings.minimum {
            case .tls12: .tls12
            case .tls13: .tls13
            }
        configuration.verification =
            switch settings.verify {
            case .full: .full
            case .none: .none
            }
        try self.init(configuration, role: .client)
    }

    /// The context for TLS at a port. Reads the files, so it blocks.
    convenience init(_ identity: TLSIdentity) throws(TLSError) {
        var configuration = TLSConfiguration(identity: identity)
        // Clients prove their identity by the port's password.
        configuration.verification = .none
        try self.init(configuration, role: .server)
    }
}

extension TLSConfiguration {
    fileprivate init(identity: TLSIdentity?) {
        self.init()
        self.certificateFile = identity?.certificateFile.path
        self.keyFile = identity?.keyFile?.path
        self.keyPassword = identity?.keyPassword?.reveal()
    }
}
