internal import NIOCore

/// How one serializer writes the parts of a message; ``MessageEncoder`` builds messages from them.
protocol MessageFormat {
    /// Writes the beginning of a message: a list of so many elements, and the first of them, the code.
    static func begin(_ kind: MessageKind, elements: Int, into buffer: inout ByteBuffer)

    /// Writes the next element.
    static func writeNext(_ integer: Int64, into buffer: inout ByteBuffer)

    /// Writes the next element.
    static func writeNext(_ string: String, into buffer: inout ByteBuffer)

    /// Writes the next element, a value in JSON text.
    static func writeNext(text: ByteBuffer, into buffer: inout ByteBuffer)

    /// Writes the next element, a dictionary in JSON text.
    static func writeNext(options text: String, into buffer: inout ByteBuffer)

    /// Writes the end of a message.
    static func end(_ buffer: inout ByteBuffer)
}
