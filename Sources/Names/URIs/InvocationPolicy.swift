/// Which callee of a shared registration gets a call.
package enum InvocationPolicy: String, Sendable, CaseIterable {
    /// There is only one callee. The default, which is not sent.
    case single
    /// Each in turn.
    case roundrobin
    /// Any of them.
    case random
    /// The one that registered first.
    case first
    /// The one that registered last.
    case last
}
