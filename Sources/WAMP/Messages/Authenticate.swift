/// Proves our identity: `[5, signature, extra]`. Holds a secret (a ticket): never log it.
package struct Authenticate: Sendable, Equatable {
    /// A ticket, or a signature of the challenge.
    package var signature: String
    /// What the method adds; usually nothing.
    package var extra: [String: Value]

    /// Takes the elements in the order of the message.
    package init(signature: String, extra: [String: Value] = [:]) {
        self.signature = signature
        self.extra = extra
    }
}
