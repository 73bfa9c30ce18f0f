/// The use of a function.
package enum FunctionUse: Equatable {
    case procedure(String)
    /// A topic.
    case subscription(String, function: String)
    /// The results of the calls that a channel's notifications cause.
    case result(channel: String, function: String)
}
