package import NIOOpenSSL
package import Names

/// The section `caller`: the port through which the database calls out.
package struct CallerSettings: Sendable {
    /// The place of the section's key.
    package let location: Location

    /// The address where the sidecar listens.
    package let listen: Located<ListenAddress>

    /// How the database reaches the port; nil: by the address of `listen`.
    package let connect: Located<CallPortKeywords>?

    /// The database's password; nil: a new one at each start.
    package let password: Secret?

    /// The password of people who may only ask for the port's state; nil: there is none.
    package let statusPassword: Secret?

    /// The settings of TLS at the port, if it has TLS.
    package let tls: TLSContext?

    /// A call's deadline, unless it names one.
    package let timeout: Duration

    /// The most connections of the port.
    package let sessions: Int

    /// Whether it may be used without TLS over networks where others could read the traffic.
    package let insecure: Bool

    /// Whether SQL may call and publish to `wamp.*`.
    package let allowMeta: Bool
}
