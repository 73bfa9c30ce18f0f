package import NIOCore

/// One value within a JSON text: its kind and its bytes, a slice of the message that it arrived in.
package struct JSONElement: Sendable, Equatable {
    /// What kind of value it is.
    package let kind: JSONKind
    /// The value's text, without white space around it; a string's with its quotes and escapes.
    package let text: ByteBuffer
    /// What the scan saw in it, at any depth.
    package let traits: JSONTraits

    /// True if some string in it has a backslash; for a string: if it needs ``JSON/unescape(_:)``.
    package var isEscaped: Bool { self.traits.contains(.escaped) }
    /// True if some string in it has an escaped U+0000.
    package var containsNUL: Bool { self.traits.contains(.containsNUL) }

    /// Takes a value that was scanned.
    init(kind: JSONKind, text: ByteBuffer, traits: JSONTraits) {
        self.kind = kind
        self.text = text
        self.traits = traits
    }

    /// True for a string that begins with U+0000, as WAMP binary does; ``JSON/binary(of:)`` says whether it is binary.
    package var beginsWithNUL: Bool {
        self.kind == .string && self.containsNUL
            && self.text.withUnsafeReadableBytes { JSON.beginsWithNUL($0) }
    }
}
