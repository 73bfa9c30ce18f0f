/// The result of an invocation: `[70, request, options, arguments?, keywordArguments?]`.
package struct Yield: Sendable, Equatable {
    /// Which invocation.
    package var request: RequestID
    /// True if more results follow; only if the invocation has `receive_progress`.
    package var isProgress: Bool
    /// The result.
    package var payload: Payload

    /// Takes the elements in the order of the message.
    package init(request: RequestID, isProgress: Bool = false, payload: Payload = .empty) {
        self.request = request
        self.isProgress = isProgress
        self.payload = payload
    }
}
