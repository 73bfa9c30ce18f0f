package import Cryptography

/// A text that must never appear in a log, a message or a dump: a password, a ticket, a URL that may contain one. It is
/// wiped from memory when its last owner releases it.
///
/// Its description is always `<redacted>`.
package struct Secret: Sendable, Hashable {
    /// The text's octets in memory: for code that computes with them.
    package let octets: SecretBytes

    /// Wraps octets that are secret from now on.
    package init(_ octets: SecretBytes) {
        self.octets = octets
    }

    /// Copies a text that is secret from now on.
    package init(_ text: String) {
        self.init(SecretBytes(text))
    }

    /// The text itself, for the peer that it is meant for and for nobody else. It can't be wiped.
    package func reveal() -> String { self.octets.text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<redacted>`.
    package var description: String { "<redacted>" }

    /// `<redacted>`.
    package var debugDescription: String { "<redacted>" }

    /// A mirror that shows nothing, so that `dump` doesn't either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
