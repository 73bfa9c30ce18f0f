/// Gives a registration back: `[66, request, registration]`.
package struct Unregister: Sendable, Equatable {
    /// The id that the answer repeats.
    package var request: RequestID
    /// Which registration.
    package var registration: RegistrationID

    /// Takes the elements in the order of the message.
    package init(request: RequestID, registration: RegistrationID) {
        self.request = request
        self.registration = registration
    }
}
