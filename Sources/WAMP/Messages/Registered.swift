/// Calls of a procedure will come: `[65, request, registration]`.
package struct Registered: Sendable, Equatable {
    /// The REGISTER.
    package var request: RequestID
    /// The id that the invocations will name.
    package var registration: RegistrationID

    /// Takes the elements in the order of the message.
    package init(request: RequestID, registration: RegistrationID) {
        self.request = request
        self.registration = registration
    }
}
