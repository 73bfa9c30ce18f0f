/// Cancels an invocation: `[69, request, options]`.
package struct Interrupt: Sendable, Equatable {
    /// Which invocation.
    package var request: RequestID
    /// `mode` (absent on Crossbar.io), and perhaps a `reason`.
    package var details: Details

    /// Takes the elements in the order of the message.
    package init(request: RequestID, details: Details = .empty) {
        self.request = request
        self.details = details
    }

    /// What the dealer asks for. With `kill` the caller still waits for our answer. Nil (no mode, or an unknown one)
    /// means `killnowait`.
    package var mode: CancelMode? { self.details.string("mode").flatMap { CancelMode(rawValue: $0) } }

    /// Why, e.g. `wamp.error.timeout`; nil if the router gives no reason.
    package var reason: String? { self.details.string("reason") }
}
