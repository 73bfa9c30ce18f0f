import NIOCore

/// HTML as it is written. Markup is a literal of the program; whatever else is text, and escaped.
struct HTMLWriter {
    private(set) var buffer = ByteBuffer()

    var count: Int { self.buffer.readableBytes }

    mutating func markup(_ markup: StaticString) { self.buffer.writeStaticString(markup) }

    /// What was written elsewhere.
    mutating func append(_ other: HTMLWriter) { self.buffer.writeImmutableBuffer(other.buffer) }

    /// A text, or an attribute's value within quotes. Control characters are none of HTML.
    ///
    /// - Parameter most: how many characters are written; then three dots.
    mutating func text(_ text: String, most: Int = .max) {
        for (index, scalar) in text.unicodeScalars.enumerated() {
            guard index < most else {
                self.buffer.writeString("…")
                return
            }
            switch scalar {
            case "&": self.buffer.writeStaticString("&amp;")
            case "<": self.buffer.writeStaticString("&lt;")
            case ">": self.buffer.writeStaticString("&gt;")
            case "\"": self.buffer.writeStaticString("&quot;")
            case "'": self.buffer.writeStaticString("&#39;")
            default:
                let isControl = scalar.properties.generalCategory == .control
                self.buffer.writeString(isControl ? " " : String(scalar))
            }
        }
    }
}
