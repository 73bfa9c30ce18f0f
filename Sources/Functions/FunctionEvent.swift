/// News about a mapped function.
package enum FunctionEvent: Sendable, Equatable {
    /// It can be called again.
    case usable(FunctionUse)
    /// It can't be called.
    case unusable(FunctionUse, place: String, reason: String)
}
