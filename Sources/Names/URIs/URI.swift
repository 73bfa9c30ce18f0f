/// The name of a procedure, topic or error, checked by the specification's loose rule before it is sent:
/// routers drop the connection on a bad one.
package struct URI: Hashable, Sendable, CustomStringConvertible {
    /// The text as given.
    package let text: String

    /// Takes the URI of a procedure, topic or error: components without white space, `#` or emptiness, between dots.
    package init(_ text: String) throws(URIError) {
        try Self.check(text, emptyComponents: .none)
        self.text = text
    }

    /// Takes the URI of a registration or subscription.
    ///
    /// A prefix may end in a dot; a wildcard pattern may have empty components anywhere.
    package init(pattern text: String, match: MatchPolicy) throws(URIError) {
        switch match {
        case .exact: try Self.check(text, emptyComponents: .none)
        case .prefix: try Self.check(text, emptyComponents: .last)
        case .wildcard: try Self.check(text, emptyComponents: .any)
        }
        self.text = text
    }

    /// Takes a constant of the sidecar that is known to be valid.
    package init(constant: StaticString) {
        self.text = constant.description
    }

    /// Whether it is `wamp` or below it, which is reserved for routers.
    package var isReserved: Bool { self.text == "wamp" || self.text.hasPrefix("wamp.") }

    /// The text.
    package var description: String { self.text }

    /// Whether two URIs are the same octets; see ``ExactText``.
    package static func == (one: URI, other: URI) -> Bool {
        ExactText(one.text) == ExactText(other.text)
    }

    /// Hashes the octets.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(self.text))
    }

    /// Which components may be empty.
    private enum EmptyComponents {
        case none
        case last
        case any
    }

    private static func check(_ text: String, emptyComponents: EmptyComponents) throws(URIError) {
        guard !text.isEmpty else { throw .empty }
        var isComponentEmpty = true
        for scalar in text.unicodeScalars {
            switch scalar {
            case ".":
                if isComponentEmpty, emptyComponents != .any { throw .emptyComponent }
                isComponentEmpty = true
                continue
            case "#": throw .numberSign
            case "\t"..."\r", " ": throw .whiteSpace
            case "\0"..."\u{1F}", "\u{7F}": throw .controlCharacter
            case "!"..."~": break
            // Only here Unicode's tables are used, which cost as much as the rest of an event.
            default: if scalar.properties.isWhitespace { throw .whiteSpace }
            }
            isComponentEmpty = false
        }
        if isComponentEmpty, emptyComponents == .none { throw .emptyComponent }
    }
}
