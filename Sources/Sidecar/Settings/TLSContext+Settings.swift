import NIOOpenSSL
import SidecarConfiguration

extension TLSContext {
    /// How the router's TLS is made. Reads the files, so it blocks.
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

    /// How the caller's port makes TLS. Reads the files, so it blocks.
    convenience init(_ identity: TLSIdentity) throws(TLSError) {
        var configuration = TLSConfiguration(identity: identity)
        // Callers prove who they are by the port's password.
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

extension TLSProblem {
    fileprivate init(_ error: TLSError) {
        let part: Part =
            switch error.part {
            case .authorities: .caFile
            case .certificate: .certificateFile
            case .key: .keyFile
            case .keyPassword: .keyPassword
            case .name: .serverName
            case .library: .other
            }
        self.init(part: part, problem: error.problem, remedy: error.remedy)
    }

    /// What is wrong with `router.tls`: at most one thing of whom we trust, and one of who we are.
    static func all(in settings: RouterTLSSettings) -> [TLSProblem] {
        var trust = settings
        trust.identity = nil
        var identity = RouterTLSSettings()
        identity.identity = settings.identity
        return self.problems { () throws(TLSError) in
            let context = try TLSContext(trust)
            if let name = settings.serverName { _ = try TLSConnection(context, name: PeerName(name.value)) }
        } + self.problems { () throws(TLSError) in _ = try TLSContext(identity) }
    }

    /// What is wrong with `caller.tls`.
    static func all(in identity: TLSIdentity) -> [TLSProblem] {
        self.problems { () throws(TLSError) in _ = try TLSContext(identity) }
    }

    private static func problems(_ attempt: () throws(TLSError) -> Void) -> [TLSProblem] {
        do {
            try attempt()
            return []
        } catch {
            return [TLSProblem(error)]
        }
    }
}
