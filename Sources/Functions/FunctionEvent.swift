/// News about a mapped function.
package enum FunctionEvent: Sendable, Equatable {
    /// It can be called again; as this role, if its mapping or registration has one.
    case usable(FunctionUse, role: String?)
    /// It can't be called; as this role, if its mapping or registration has one.
    case unusable(FunctionUse, role: String?, place: String, reason: String)
}
