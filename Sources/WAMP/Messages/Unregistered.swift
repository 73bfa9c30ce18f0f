/// No more calls will come: `[67, request]` as an answer, `[67, 0, {registration, reason?}]` unasked.
package enum Unregistered: Sendable, Equatable {
    /// The answer to an UNREGISTER.
    case answer(RequestID)
    /// The router took the registration away, e.g. because another session forced its own.
    case revoked(RegistrationID, reason: String?)
}
