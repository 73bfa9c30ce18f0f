package import Names

/// Calls a procedure: `[48, request, options, procedure, arguments?, keywordArguments?]`.
package struct Call: Sendable, Equatable {
    /// The id that the answer repeats.
    package var request: RequestID
    /// Timeout, disclosure.
    package var options: CallOptions
    /// The procedure.
    package var procedure: URI
    /// The arguments.
    package var payload: Payload

    /// Takes the elements in the order of the message.
    package init(request: RequestID, options: CallOptions, procedure: URI, payload: Payload = .empty) {
        self.request = request
        self.options = options
        self.procedure = procedure
        self.payload = payload
    }
}
