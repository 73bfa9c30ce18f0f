package import Names

/// An invocation failed: `[8, 68, request, {}, error, arguments?, keywordArguments?]`.
package struct InvocationError: Sendable, Equatable {
    /// Which invocation.
    package var request: RequestID
    /// The error's URI.
    package var uri: URI
    /// More about the failure; usually one string for people.
    package var payload: Payload

    /// Takes the elements in the order of the message.
    package init(request: RequestID, uri: URI, payload: Payload = .empty) {
        self.request = request
        self.uri = uri
        self.payload = payload
    }
}
