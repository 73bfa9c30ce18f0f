/// What a TLS end needs to know: whom it trusts, who it is itself, and how old a protocol it puts up with. A value.
package struct TLSConfiguration: Sendable {
    /// Whose word counts for the peer's identity.
    package enum Trust: Sendable, Equatable {
        /// The authorities of the distribution.
        case system
        /// The certificates of this PEM file and no others; each of them is an anchor, be it a root or not.
        case file(String)
    }

    /// A version of the protocol.
    package enum Version: Sendable, Equatable {
        case tls12, tls13
    }

    /// What the peer has to prove.
    package enum Verification: Sendable, Equatable {
        /// A client: that the server's certificate is valid and has its name. A server: that clients have a valid one.
        case full
        /// Nothing.
        case none
    }

    /// Whom to believe.
    package var trust: Trust = .system
    /// Our own certificate, behind it those up to the authority; PEM. Goes with `keyFile`.
    package var certificateFile: String?
    /// The certificate's private key; PEM.
    package var keyFile: String?
    /// What the key is encrypted with, if it is.
    package var keyPassword: String?
    /// The oldest version that is spoken.
    package var minimumVersion: Version = .tls12
    /// The newest version that is spoken; nil: the library's newest.
    package var maximumVersion: Version?
    /// What the peer has to prove.
    package var verification: Verification = .full

    /// The distribution's authorities, TLS 1.2 and later, everything verified.
    package init() {}
}
