/// A call for us: `[68, request, registration, details, arguments?, keywordArguments?]`. To be answered by exactly one
/// final YIELD or ERROR.
package struct Invocation: Sendable, Equatable {
    /// What the answer names. Neither sequential nor beginning with 1 on some routers.
    package var request: RequestID
    /// Which procedure.
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
