package import Cryptography

/// A text that must never be seen in a log, a message or a dump: a password, a ticket, a URL that may hold one. It is
/// wiped from memory when the last owner lets go of it.
///
/// However it is printed, it reads `<redacted>`.
package struct Secret: Sendable, Hashable {
    /// The text's octets, as they stand in memory: for what computes with them.
    package let octets: SecretBytes

    /// Wraps octets that are secret from now on.
    package init(_ octets: SecretBytes) {
        self.octets = octets
    }

    /// Copies a text that is secret from now on.
    package init(_ text: String) {
        self.init(SecretBytes(text))
    }

    /// The text itself, for handing it to the peer that it is meant for and to nobody else. Nobody can wipe it.
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
