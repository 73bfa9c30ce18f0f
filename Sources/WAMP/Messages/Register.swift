package import Names

/// Offers a procedure: `[64, request, options, procedure]`.
package struct Register: Sendable, Equatable {
    /// The id that the answer repeats.
    package var request: RequestID
    /// How the URI is compared, and how it is shared.
    package var options: RegisterOptions
    /// The procedure, or a pattern.
    package var procedure: URI

    /// Takes the elements in the order of the message.
    package init(request: RequestID, options: RegisterOptions, procedure: URI) {
        self.request = request
        self.options = options
        self.procedure = procedure
    }
}
