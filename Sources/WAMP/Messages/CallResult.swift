/// The result of a call of ours: `[50, request, details, arguments?, keywordArguments?]`.
package struct CallResult: Sendable, Equatable {
    /// The CALL.
    package var request: RequestID
    /// `progress` if more results follow.
    package var details: Details
    /// The result. Look at ``Payload/fault`` first.
    package var payload: Payload

    /// Takes the elements in the order of the message.
    package init(request: RequestID, details: Details = .empty, payload: Payload = .empty) {
        self.request = request
        self.details = details
        self.payload = payload
    }

    /// True if more results of the same call follow.
    package var isProgress: Bool { self.details.bool("progress") ?? false }
}
