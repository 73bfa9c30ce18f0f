package import NIOOpenSSL
package import Names

/// The section `admin`: the port at which people and monitoring look at the sidecar.
package struct AdminSettings: Sendable {
    /// What can be seen there.
    package enum Page: String, Sendable, CaseIterable {
        /// Whether it works.
        case health
        /// Numbers.
        case metrics
        /// How everything stands, by name.
        case status
    }

    /// Where the section's key stands.
    package let location: Location

    /// Where the sidecar listens.
    package let listen: Located<AdminAddress>

    /// What can be seen there, each once.
    package let pages: [Page]

    /// What the user `wamp` logs in with to see anything but health; nil: nobody is asked.
    package let password: Secret?

    /// How the port makes TLS, if it does.
    package let tls: TLSContext?

    /// The files of its certificate and key.
    package let tlsIdentity: TLSIdentity?

    /// For how long events may wait in the outbox, and none of them leave it, before the sidecar is not ready.
    package let stuckAfter: Duration

    /// Whether the status may be read without password and TLS from where others could do so.
    package let insecure: Bool
}
