/// A file that the configuration names.
package struct NamedFile: Sendable, Equatable {
    /// As it stands there.
    package let name: Located<String>

    /// Its path, from the folder of the configuration file on.
    package let path: String

    /// The hash of what was in it; nil if it can't be read.
    package var digest: [UInt8]?
}

/// What we show to prove who we are: a certificate, and its key.
package struct TLSIdentity: Sendable, Equatable {
    /// The certificate, behind it those up to the authority.
    package let certificateFile: NamedFile

    /// The key; nil: it is in the certificate's file.
    package let keyFile: NamedFile?

    /// What the key is encrypted with, if it is.
    package let keyPassword: Secret?
}

/// The section `router.tls`: how a router with TLS is believed, and what it is shown.
package struct RouterTLSSettings: Sendable, Equatable {
    /// The oldest version of TLS that is spoken.
    package enum Minimum: String, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// What of the router's certificate is checked.
    package enum Verify: String, Sendable, CaseIterable {
        /// That somebody who is trusted has signed it, and that it is the router's.
        case full
        /// Nothing: whoever is on the way can read and change everything.
        case none
    }

    /// The certificates that are trusted; nil: those of the distribution.
    package var caFile: NamedFile?

    /// What the router is shown, if it asks.
    package var identity: TLSIdentity?

    /// The name that the router's certificate has to have; nil: the host in its URL.
    package var serverName: Located<String>?

    /// The oldest version of TLS that is spoken.
    package var minimum = Minimum.tls12

    /// What is checked.
    package var verify = Verify.full

    /// The distribution's authorities, everything checked: what a URL with TLS has without this section.
    package init() {}
}
