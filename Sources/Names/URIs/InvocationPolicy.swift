/// Which callee of a shared registration gets a call.
package enum InvocationPolicy: String, Sendable, CaseIterable {
    /// There is one callee only. The default, which is not sent.
    case single
    /// Each in turn.
    case roundrobin
    /// Any.
    case random
    /// The one that registered first.
    case first
    /// The one that registered last.
    case last
}
