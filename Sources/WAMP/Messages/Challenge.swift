/// The router asks us to prove our identity: `[4, authmethod, extra]`.
package struct Challenge: Sendable, Equatable {
    /// The authentication method, one of those that HELLO offered.
    package var method: String
    /// What the method needs.
    package var extra: Details

    /// Takes the elements in the order of the message.
    package init(method: String, extra: Details) {
        self.method = method
        self.extra = extra
    }
}
