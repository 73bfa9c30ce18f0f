/// No more calls will come: `[67, request]` as an answer, `[67, 0, {registration, reason?}]` as a revocation.
package enum Unregistered: Sendable, Equatable {
    /// The answer to an UNREGISTER.
    case answer(RequestID)
    /// The router revoked the registration, e.g. because another session forced its own.
    case revoked(RegistrationID, reason: String?)
}
