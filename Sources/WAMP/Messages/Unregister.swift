/// No more calls, please: `[66, request, registration]`.
package struct Unregister: Sendable, Equatable {
    /// What the answer names.
    package var request: RequestID
    /// Which registration.
    package var registration: RegistrationID

    /// Takes the elements in the order of the message.
    package init(request: RequestID, registration: RegistrationID) {
        self.request = request
        self.registration = registration
    }
}
