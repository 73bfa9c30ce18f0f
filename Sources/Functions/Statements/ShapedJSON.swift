import NIOCore
import Names
import Postgres
import WAMP

/// Writes a caller's JSON so that the server's own conversion (`json_to_record`) gives the value that the type
/// requires.
///
/// The server skips unknown members, accepts no `3.0` for an integer, and takes inner lists for dimensions of the
/// array, also where they are elements: `jsonb[]`, and arrays of domains over arrays. So unknown members are refused,
/// whole numbers are written as such, and an array whose elements can be lists is written as a string: the array's own
/// text, which the server accepts too.
struct ShapedJSON {
    private(set) var buffer: ByteBuffer

    /// PostgreSQL's arrays have no more dimensions: the server refuses deeper ones.
    private static let mostDimensions = 6

    /// Writes at the end of the buffer.
    init(into buffer: ByteBuffer) {
        self.buffer = buffer
    }

    /// Whether values of the shape are written unchanged.
    static func isPlain(_ shape: ValueShape) -> Bool {
        switch shape {
        case .scalar, .json: true
        case .integer, .record: false
        case .list(let element): element == .scalar
        }
    }

    /// Writes a checked value without WAMP binary in it.
    mutating func write(_ value: JSONElement, as shape: ValueShape) throws(ArgumentFault) {
        switch shape {
        case .scalar, .json:
            self.buffer.writeImmutableBuffer(value.text)
        case .integer:
            try WholeNumber.write(value.text, into: &self.buffer)
        case .record(let record):
            if value.kind == .object {
                try self.write(members: value, of: record)
            } else {
                self.buffer.writeImmutableBuffer(value.text)
            }
        case .list(let element):
            try self.write(list: value, of: element, dimensions: Self.mostDimensions)
        }
    }

    private mutating func write(members object: JSONElement, of record: RecordShape) throws(ArgumentFault) {
        var given = [Bool](repeating: false, count: record.members.count)
        var expected = 0
        var separator = UInt8(ascii: "{")
        var cursor = JSONCursor(object)
        while let item = try Self.next(&cursor) {
            guard let key = item.key else { continue }
            let name = ExactText(JSON.unescape(key))
            // Most objects have their members in the type's order.
            if expected >= given.count || ExactText(record.members[expected].name) != name {
                let found = record.members.firstIndex { ExactText($0.name) == name }
                guard let found else { throw .unknownMember(name.text, type: record.type) }
                expected = found
            }
            guard !given[expected] else { throw .doubledMember(name.text, type: record.type) }
            given[expected] = true
            self.buffer.writeInteger(separator)
            self.buffer.writeImmutableBuffer(key.text)
            self.buffer.writeInteger(UInt8(ascii: ":"))
            try self.write(item.value, as: record.members[expected].shape)
            separator = UInt8(ascii: ",")
            expected += 1
        }
        if separator == UInt8(ascii: "{") { self.buffer.writeInteger(separator) }
        self.buffer.writeInteger(UInt8(ascii: "}"))
    }

    private mutating func write(
        list value: JSONElement, of element: ValueShape, dimensions: Int
    ) throws(ArgumentFault) {
        guard value.kind == .array else {
            if element == .json, value.kind != .null { throw .notAList }
            self.buffer.writeImmutableBuffer(value.text)
            return
        }
        switch element {
        case .scalar:
            self.buffer.writeImmutableBuffer(value.text)
        case .integer:
            try WholeNumber.write(value.text, into: &self.buffer)
        case .json, .list:
            var text = ArrayText(into: ByteBuffer())
            try text.write(list: value, of: element, dimensions: Self.mostDimensions)
            self.buffer.writeQuoted(text.buffer)
        case .record:
            var separator = UInt8(ascii: "[")
            var cursor = JSONCursor(value)
            while let item = try Self.next(&cursor) {
                self.buffer.writeInteger(separator)
                separator = UInt8(ascii: ",")
                if item.value.kind == .array, dimensions > 1 {
                    try self.write(list: item.value, of: element, dimensions: dimensions - 1)
                } else {
                    try self.write(item.value, as: element)
                }
            }
            if separator == UInt8(ascii: "[") { self.buffer.writeInteger(separator) }
            self.buffer.writeInteger(UInt8(ascii: "]"))
        }
    }

    static func next(_ cursor: inout JSONCursor?) throws(ArgumentFault) -> JSONCursor.Item? {
        do {
            return try cursor?.next()
        } catch {
            throw .unreadable(error)
        }
    }
}

extension ByteBuffer {
    /// Writes a text as a JSON string.
    fileprivate mutating func writeQuoted(_ text: ByteBuffer) {
        self.reserveCapacity(minimumWritableBytes: text.readableBytes + text.readableBytes / 4 + 2)
        self.writeInteger(UInt8(ascii: "\""))
        text.withUnsafeReadableBytes { source in
            var copied = 0
            for index in source.indices {
                let byte = source[index]
                let isSpecial = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                guard isSpecial || byte < 0x20 else { continue }
                self.writeBytes(UnsafeRawBufferPointer(rebasing: source[copied..<index]))
                if isSpecial {
                    self.writeInteger(UInt8(ascii: "\\"))
                    self.writeInteger(byte)
                } else {
                    self.writeStaticString("\\u00")
                    self.writeInteger(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
                    self.writeInteger((byte & 15) &+ (byte & 15 < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
                }
                copied = index + 1
            }
            self.writeBytes(UnsafeRawBufferPointer(rebasing: source[copied...]))
        }
        self.writeInteger(UInt8(ascii: "\""))
    }
}
