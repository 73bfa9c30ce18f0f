package import NIOOpenSSL
package import Names

/// The section `caller`: the port that the database calls out through.
package struct CallerSettings: Sendable {
    /// Where the section's key stands.
    package let location: Location

    /// Where the sidecar listens.
    package let listen: Located<ListenAddress>

    /// How the database reaches the port; nil: as `listen` says.
    package let connect: Located<CallPortKeywords>?

    /// What the database logs in with; nil: one is made at each start.
    package let password: Secret?

    /// What people log in with who may ask for the port's state, and nothing else; nil: nobody does.
    package let statusPassword: Secret?

    /// How the port makes TLS, if it does.
    package let tls: TLSContext?

    /// What that was made of.
    package let tlsIdentity: TLSIdentity?

    /// A call's deadline, unless it names one.
    package let timeout: Duration

    /// How many connections the port takes.
    package let sessions: Int

    /// Whether it may be spoken to without TLS from where others could read what goes over it.
    package let insecure: Bool

    /// Whether SQL may call and publish to `wamp.*`.
    package let allowMeta: Bool
}
