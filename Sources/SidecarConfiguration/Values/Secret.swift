/// A text that must never be seen in a log, a message or a dump: a password, a ticket, a URL that may hold one.
///
/// However it is printed, it reads `<redacted>`.
package struct Secret: Sendable, Hashable {
    private let text: String

    /// Wraps a text that is secret from now on.
    package init(_ text: String) {
        self.text = text
    }

    /// The text itself, for handing it to the peer that it is meant for and to nobody else.
    package func reveal() -> String { self.text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<redacted>`.
    package var description: String { "<redacted>" }

    /// `<redacted>`.
    package var debugDescription: String { "<redacted>" }

    /// A mirror that shows nothing, so that `dump` doesn't either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
