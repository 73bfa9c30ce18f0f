package import Names
import WAMP

/// Why a call's arguments don't fit.
package struct BindingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The fault. No values.
    package let finding: String
    /// The function, if known.
    package let signature: String?
    /// The error for the caller.
    package let uri: URI

    /// Takes the message for people.
    package init(_ finding: String, signature: String? = nil, uri: URI = WAMPError.invalidArgument) {
        self.finding = finding
        self.signature = signature
        self.uri = uri
    }

    /// The fault, with the signature.
    package var message: String { self.signature.map { "\(self.finding); \($0)" } ?? self.finding }

    /// The message.
    package var description: String { message }
}
