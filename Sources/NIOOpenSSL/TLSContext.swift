internal import COpenSSL
internal import Glibc

/// The owner of one `SSL_CTX`: what all connections of one kind have in common, read from its files once.
///
/// Making it blocks on the file system. It is never changed after that, and OpenSSL counts its references, so threads
/// may share it.
@safe package final class TLSContext: @unchecked Sendable {
    /// Which end of a connection we are.
    package enum Role: Sendable, Equatable {
        case client, server
    }

    /// Which end we are.
    package let role: Role
    /// Whether peers must prove their identity.
    package let isVerifying: Bool
    /// The hash of the only certificate that a server may show; nil: any.
    let expectedHash: [UInt8]?
    /// Whether we have a certificate to show.
    let hasCertificate: Bool
    /// Whether any authority is trusted: a system without the package `ca-certificates` trusts none.
    package let hasAuthorities: Bool
    /// When the first of the certificates that we show ends; nil if we have none.
    package let certificateEnd: CertificateTime?
    /// OpenSSL's context.
    let pointer: OpaquePointer

    /// Reads the files and checks that they match.
    ///
    /// - Throws: which file is wrong, and how.
    package init(_ configuration: TLSConfiguration, role: Role) throws(TLSError) {
        let chain = try configuration.certificateFile.map { (file) throws(TLSError) in
            try Certificate.all(in: file, .certificate)
        }
        OpenSSLError.clear()
        guard let context = unsafe SSL_CTX_new(role == .client ? TLS_client_method() : TLS_server_method()) else {
            throw Self.failure("made no context")
        }
        unsafe self.pointer = unsafe context
        self.role = role
        (self.isVerifying, self.expectedHash) =
            switch configuration.verification {
            case .full: (true, nil)
            case .only(let hash): (false, hash)
            case .none: (false, nil)
            }
        self.hasCertificate = configuration.certificateFile != nil
        self.hasAuthorities = Self.hasAuthorities(configuration.trust)
        self.certificateEnd = chain?.map(\.end).min { $0.seconds ?? .max < $1.seconds ?? .max }
        unsafe wamp_tls_harden(context)
        guard unsafe SSL_CTX_set_num_tickets(context, 0) == 1,
            unsafe wamp_tls_set_minimum(context, Self.number(configuration.minimumVersion)) == 1
        else { throw Self.failure("does not take the oldest version") }
        if let newest = configuration.maximumVersion {
            guard unsafe wamp_tls_set_maximum(context, Self.number(newest)) == 1 else {
                throw Self.failure("does not take the newest version")
            }
        }
        if self.isVerifying { try self.trust(configuration.trust) }
        if let chain, let certificateFile = configuration.certificateFile {
            try self.present(chain, of: certificateFile, configuration)
        }
    }

    /// What binds a server's channels to its certificate, `tls-server-end-point` (RFC 5929): the certificate's hash.
    /// Nil if the hash is undefined, or if there is no certificate.
    package var endPoint: [UInt8]? {
        guard let certificate = unsafe SSL_CTX_get0_certificate(self.pointer) else { return nil }
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        let length = unsafe wamp_tls_end_point(certificate, &hash)
        return length > 0 ? Array(hash.prefix(Int(length))) : nil
    }

    /// The SHA-256 of the certificate that we show; nil if we have none.
    package var certificateHash: [UInt8]? {
        unsafe SSL_CTX_get0_certificate(self.pointer).flatMap { unsafe Certificate.hash($0) }
    }

    deinit {
        unsafe SSL_CTX_free(self.pointer)
    }

    private static func number(_ version: TLSConfiguration.Version) -> Int32 {
        switch version {
        case .tls12: TLS1_2_VERSION
        case .tls13: TLS1_3_VERSION
        }
    }

    private static func failure(_ problem: String) -> TLSError {
        let reason = OpenSSLError.drain().last.map { " (\($0.text))" } ?? ""
        return TLSError(part: .library, problem: problem + reason, remedy: "look at its own configuration, openssl.cnf")
    }

    // MARK: - Trust

    private func trust(_ trust: TLSConfiguration.Trust) throws(TLSError) {
        switch trust {
        case .system:
            guard unsafe SSL_CTX_set_default_verify_paths(self.pointer) == 1 else {
                throw Self.failure("does not find the system's authorities")
            }
        case .file(let path):
            let certificates = try Certificate.all(in: path, .authorities)
            let store = unsafe SSL_CTX_get_cert_store(self.pointer)
            for certificate in certificates {
                OpenSSLError.clear()
                guard unsafe X509_STORE_add_cert(store, certificate.pointer) == 1 else {
                    throw Self.failure("does not take the authorities")
                }
            }
            unsafe wamp_tls_trust_any_anchor(self.pointer)
        }
    }

    /// Where the distribution's authorities are: a bundle, or a folder of them.
    private static func hasAuthorities(_ trust: TLSConfiguration.Trust) -> Bool {
        switch trust {
        case .file: return true
        case .system: break
        }
        let variables = unsafe (X509_get_default_cert_file_env(), X509_get_default_cert_dir_env())
        let defaults = unsafe (X509_get_default_cert_file(), X509_get_default_cert_dir())
        let file = unsafe self.path(variable: variables.0, default: defaults.0)
        let folders = unsafe self.path(variable: variables.1, default: defaults.1)
        return unsafe access(file, R_OK) == 0 || folders.split(separator: ":").contains { self.hasEntries(String($0)) }
    }

    private static func path(variable: UnsafePointer<CChar>?, default path: UnsafePointer<CChar>?) -> String {
        let set = unsafe variable.flatMap { unsafe getenv($0) }.map { unsafe String(cString: $0) }
        return unsafe set ?? path.map { unsafe String(cString: $0) } ?? ""
    }

    private static func hasEntries(_ folder: String) -> Bool {
        guard let stream = unsafe opendir(folder) else { return false }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            if unsafe entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { return true }
        }
        return false
    }

    // MARK: - Identity

    private func present(
        _ chain: [Certificate], of certificateFile: String, _ configuration: TLSConfiguration
    ) throws(TLSError) {
        guard let own = chain.first else { throw Self.failure("lost the certificate") }
        // The key may follow the certificate in the same file.
        let key = try PrivateKey(
            file: configuration.keyFile ?? certificateFile, password: configuration.keyPassword)
        OpenSSLError.clear()
        guard unsafe X509_check_private_key(own.pointer, key.pointer) == 1 else {
            throw TLSError(
                part: .key, problem: "holds a key that does not belong to the certificate",
                remedy: "name the key that the certificate was made with; its own certificate comes first in its file")
        }
        OpenSSLError.clear()
        guard unsafe SSL_CTX_use_certificate(self.pointer, own.pointer) == 1 else {
            throw Self.refused(.certificate)
        }
        for certificate in chain.dropFirst() {
            guard unsafe wamp_tls_add_chain_certificate(self.pointer, certificate.pointer) == 1 else {
                throw Self.refused(.certificate)
            }
        }
        guard unsafe SSL_CTX_use_PrivateKey(self.pointer, key.pointer) == 1 else { throw Self.refused(.key) }
    }

    /// The distribution's security level forbids it.
    private static func refused(_ part: TLSError.Part) -> TLSError {
        let reason = OpenSSLError.drain().last.map { " (\($0.text))" } ?? ""
        return TLSError(part: part, problem: "is refused by OpenSSL\(reason)", remedy: "make a stronger one")
    }
}
