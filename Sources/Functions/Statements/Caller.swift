package import NIOCore

/// The caller, as far as the router discloses it: texts as they came, so that a call costs no copies of them.
package struct Caller: Sendable {
    /// The number of the caller's session.
    package var session: ByteBuffer?
    package var authid: ByteBuffer?
    package var authrole: ByteBuffer?
    /// The procedure's URI, if the router reports it.
    package var procedure: ByteBuffer?

    /// Nobody.
    package static let undisclosed = Caller()

    /// Whether the router has disclosed anything of the caller.
    package var isDisclosed: Bool { session != nil || authid != nil || authrole != nil }
}
