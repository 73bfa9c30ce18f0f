/// The settings of a TLS end: whom it trusts, its own identity, and the oldest protocol that it accepts. A value.
package struct TLSConfiguration: Sendable {
    /// The authorities that are trusted with the peer's identity.
    package enum Trust: Sendable, Equatable {
        /// The authorities of the distribution.
        case system
        /// The certificates of this PEM file and no others; each of them is a trust anchor, whether it is a root or
        /// not.
        case file(String)
    }

    /// A version of the protocol.
    package enum Version: Sendable, Equatable {
        case tls12, tls13
    }

    /// What the peer must prove.
    package enum Verification: Sendable, Equatable {
        /// A client requires that the server's certificate is valid and has its name; a server requires that the
        /// client's is valid.
        case full
        /// A client requires that the server shows the certificate with this hash (see
        /// ``TLSContext/certificateHash``) and has its key; whatever else is true of the certificate.
        case only([UInt8])
        /// Nothing.
        case none
    }

    /// The trusted authorities.
    package var trust: Trust = .system
    /// Our certificate, followed by those up to the authority; PEM. Goes with `keyFile`.
    package var certificateFile: String?
    /// The certificate's private key; PEM.
    package var keyFile: String?
    /// The password of an encrypted key.
    package var keyPassword: String?
    /// The oldest version to accept.
    package var minimumVersion: Version = .tls12
    /// The newest version to accept; nil: the library's newest.
    package var maximumVersion: Version?
    /// What the peer must prove.
    package var verification: Verification = .full

    /// The distribution's authorities, TLS 1.2 and later, everything verified.
    package init() {}
}
