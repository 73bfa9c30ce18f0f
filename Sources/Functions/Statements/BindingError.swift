package import Names
import WAMP

/// Why a call's arguments don't fit.
package struct BindingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong. No values.
    package let finding: String
    /// What is called with what; nil where that is not known.
    package let signature: String?
    /// The error that a caller is told.
    package let uri: URI

    /// Takes the message for people.
    package init(_ finding: String, signature: String? = nil, uri: URI = WAMPError.invalidArgument) {
        self.finding = finding
        self.signature = signature
        self.uri = uri
    }

    /// What is wrong, with the signature.
    package var message: String { self.signature.map { "\(self.finding); \($0)" } ?? self.finding }

    /// The message.
    package var description: String { message }
}
