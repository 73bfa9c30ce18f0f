import NIOCore
import Postgres
import WAMP

/// Writes a list as an array's own text, `{"1","{\"a\": 2}"}`: for elements that can be lists, which the server's
/// conversion from JSON takes for dimensions.
struct ArrayText {
    private(set) var buffer: ByteBuffer

    /// Writes at the end of the buffer.
    init(into buffer: ByteBuffer) {
        self.buffer = buffer
    }

    /// Writes a checked list without WAMP binary in it.
    ///
    /// - Parameter dimensions: how many levels of lists count as dimensions, if no element can be a list.
    mutating func write(
        list: JSONElement, of element: ValueShape, dimensions: Int
    ) throws(ArgumentFault) {
        guard list.kind == .array else { throw .notAList }
        var separator = UInt8(ascii: "{")
        var cursor = JSONCursor(list)
        while let item = try ShapedJSON.next(&cursor) {
            self.buffer.writeInteger(separator)
            separator = UInt8(ascii: ",")
            try self.write(item.value, of: element, dimensions: dimensions)
        }
        if separator == UInt8(ascii: "{") { self.buffer.writeInteger(separator) }
        self.buffer.writeInteger(UInt8(ascii: "}"))
    }

    private mutating func write(
        _ value: JSONElement, of element: ValueShape, dimensions: Int
    ) throws(ArgumentFault) {
        switch (element, value.kind) {
        case (.json, _):
            self.buffer.writeElement(value.text)
        case (_, .null):
            self.buffer.writeImmutableBuffer(value.text)
        case (.list(let inner), .array):
            var text = ArrayText(into: ByteBuffer())
            try text.write(list: value, of: inner, dimensions: dimensions)
            self.buffer.writeElement(text.buffer)
        case (.scalar, .array) where dimensions > 1, (.integer, .array) where dimensions > 1:
            try self.write(list: value, of: element, dimensions: dimensions - 1)
        case (.integer, .number):
            try WholeNumber.write(value.text, into: &self.buffer)
        case (_, .string):
            self.buffer.writeElement(ByteBuffer(string: JSON.unescape(value)))
        default:
            self.buffer.writeElement(value.text)
        }
    }
}

extension ByteBuffer {
    /// Writes a text in the form of an array's element, in quotes.
    fileprivate mutating func writeElement(_ text: ByteBuffer) {
        self.reserveCapacity(minimumWritableBytes: text.readableBytes * 2 + 2)
        self.writeInteger(UInt8(ascii: "\""))
        for byte in text.readableBytesView {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { self.writeInteger(UInt8(ascii: "\\")) }
            self.writeInteger(byte)
        }
        self.writeInteger(UInt8(ascii: "\""))
    }
}
