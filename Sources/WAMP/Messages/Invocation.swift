/// A call for us: `[68, request, registration, details, arguments?, keywordArguments?]`. It takes exactly one final
/// YIELD or ERROR.
package struct Invocation: Sendable, Equatable {
    /// The id that the answer repeats. On some routers these ids are not sequential, and don't begin with 1.
    package var request: RequestID
    /// The procedure's registration.
    package var registration: RegistrationID
    /// The caller as far as it is disclosed, `timeout`, `procedure` (for patterns), `receive_progress`.
    package var details: Details
    /// The arguments. Look at ``Payload/fault`` first.
    package var payload: Payload

    /// Takes the elements in the order of the message.
    package init(
        request: RequestID, registration: RegistrationID, details: Details = .empty, payload: Payload = .empty
    ) {
        self.request = request
        self.registration = registration
        self.details = details
        self.payload = payload
    }
}
