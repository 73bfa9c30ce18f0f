/// A request of ours failed: `[8, kind, request, details, error, arguments?, keywordArguments?]`.
package struct ErrorMessage: Sendable, Equatable {
    /// What kind of request it was; one of the six that can fail.
    package var requestKind: MessageKind
    /// Which request.
    package var request: RequestID
    /// What the router adds.
    package var details: Details
    /// The error's URI, unchecked as received. Compare with ``WAMPError``.
    package var uri: String
    /// What the failing side says about the failure.
    package var payload: Payload

    /// Takes the elements in the order of the message.
    package init(
        requestKind: MessageKind, request: RequestID, details: Details = .empty, uri: String, payload: Payload = .empty
    ) {
        self.requestKind = requestKind
        self.request = request
        self.details = details
        self.uri = uri
        self.payload = payload
    }
}
