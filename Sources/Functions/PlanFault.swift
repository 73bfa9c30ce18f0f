/// Why a function can't be called as its mapping says. Unlike a ``Postgres/FunctionFault`` it is the mapping's fault.
package struct PlanFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The fault.
    package let message: String

    /// Takes the message for people.
    package init(_ message: String) {
        self.message = message
    }

    /// The message.
    package var description: String { message }
}
