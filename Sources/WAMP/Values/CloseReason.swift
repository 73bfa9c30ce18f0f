package import Names

/// The reasons of a GOODBYE that the specification predefines.
package enum CloseReason {
    /// The sender ends the session; nothing is wrong.
    package static let normal = URI(constant: "wamp.close.normal")
    /// The sender's process ends.
    package static let systemShutdown = URI(constant: "wamp.close.system_shutdown")
    /// The realm is closed.
    package static let closeRealm = URI(constant: "wamp.close.close_realm")
    /// The answer to a GOODBYE.
    package static let goodbyeAndOut = URI(constant: "wamp.close.goodbye_and_out")
    /// An administrator (or the meta API) ended the session: do not come back immediately.
    package static let killed = URI(constant: "wamp.close.killed")
}
