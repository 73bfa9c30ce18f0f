/// Cancels a call: `[49, request, options]`. Only if the dealer announces `call_canceling`.
package struct Cancel: Sendable, Equatable {
    /// Which CALL.
    package var request: RequestID
    /// How.
    package var mode: CancelMode

    /// Takes the elements in the order of the message.
    package init(request: RequestID, mode: CancelMode) {
        self.request = request
        self.mode = mode
    }
}
