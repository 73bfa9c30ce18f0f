internal import NIOCore

/// How the parts of a message are written by one serializer; ``MessageEncoder`` puts messages together of them.
protocol MessageFormat {
    /// Writes the beginning of a message: a list of so many elements, and the first of them, the code.
    static func begin(_ kind: MessageKind, elements: Int, into buffer: inout ByteBuffer)

    /// Writes the next element.
    static func writeNext(_ integer: Int64, into buffer: inout ByteBuffer)

    /// Writes the next element.
    static func writeNext(_ string: String, into buffer: inout ByteBuffer)

    /// Writes the next element, a value that is there as JSON text.
    static func writeNext(text: ByteBuffer, into buffer: inout ByteBuffer)

    /// Writes the next element, a dictionary that is there as JSON text.
    static func writeNext(options text: String, into buffer: inout ByteBuffer)

    /// Writes the end of a message.
    static func end(_ buffer: inout ByteBuffer)
}
