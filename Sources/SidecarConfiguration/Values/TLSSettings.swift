/// A file that the configuration names.
package struct NamedFile: Sendable, Equatable {
    /// The name as written there.
    package let name: Located<String>

    /// Its path, relative to the folder of the configuration file.
    package let path: String
}

/// The sidecar's identity: a certificate, and its key.
package struct TLSIdentity: Sendable, Equatable {
    /// The certificate, followed by those up to the authority.
    package let certificateFile: NamedFile

    /// The key; nil: it is in the certificate's file.
    package let keyFile: NamedFile?

    /// The password of the key, if it is encrypted.
    package let keyPassword: Secret?
}

/// The section `router.tls`: how the router is verified, and the sidecar's own identity.
package struct RouterTLSSettings: Sendable, Equatable {
    /// The oldest version of TLS that is allowed.
    package enum Minimum: String, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// The checks of the router's certificate.
    package enum Verify: String, Sendable, CaseIterable {
        /// A trusted authority has signed it, and it is the router's.
        case full
        /// None: whoever is on the way can read and change everything.
        case none
    }

    /// The trusted certificates; nil: those of the distribution.
    package var caFile: NamedFile?

    /// The sidecar's identity, if the router asks for it.
    package var identity: TLSIdentity?

    /// The name that the router's certificate must contain; nil: the host in its URL.
    package var serverName: Located<String>?

    /// The oldest version of TLS that is allowed.
    package var minimum = Minimum.tls12

    /// The checks.
    package var verify = Verify.full

    /// The distribution's authorities and all checks: the default of a URL with TLS.
    package init() {}
}
