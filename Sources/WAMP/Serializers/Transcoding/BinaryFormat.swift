internal import NIOCore

/// How the values of a binary format begin; ``ValueEncoder`` does the rest.
protocol BinaryFormat: MessageFormat {
    /// The octet that is null.
    static var null: UInt8 { get }
    /// The octet that is false; true is the next one.
    static var `false`: UInt8 { get }

    /// Writes a number in the fewest octets; numbers that are not integers as doubles.
    static func write(_ number: JSONNumber, to writer: inout OctetWriter)

    /// Writes what stands before the UTF-8 of a string.
    static func writeTextHead(_ count: Int, to writer: inout OctetWriter)

    /// Writes what stands before the octets of binary.
    static func writeBinaryHead(_ count: Int, to writer: inout OctetWriter)

    /// The number of octets in the head of a list with so many elements, or of a dictionary with so many pairs. One for
    /// an empty list or dictionary.
    static func headWidth(_ count: Int) -> Int

    /// Writes the head of a list with so many elements, or of a dictionary with so many pairs.
    static func writeHead(isDictionary: Bool, _ count: Int, to writer: inout OctetWriter)
}

extension BinaryFormat {
    /// The most octets of a value's head, or of a number.
    private static var longestHead: Int { 16 }

    static func begin(_ kind: MessageKind, elements: Int, into buffer: inout ByteBuffer) {
        self.write(into: &buffer, room: 2 * self.longestHead) { writer in
            self.writeHead(isDictionary: false, elements, to: &writer)
            self.write(.natural(UInt64(kind.rawValue)), to: &writer)
        }
    }

    static func writeNext(_ integer: Int64, into buffer: inout ByteBuffer) {
        self.write(into: &buffer, room: self.longestHead) { writer in
            // Below zero -1 - n is n with all bits inverted.
            self.write(
                integer < 0 ? .negative(UInt64(bitPattern: ~integer)) : .natural(UInt64(bitPattern: integer)),
                to: &writer)
        }
    }

    static func writeNext(_ string: String, into buffer: inout ByteBuffer) {
        var string = string
        string.withUTF8 { characters in
            self.write(into: &buffer, room: self.longestHead + characters.count) { writer in
                self.writeTextHead(characters.count, to: &writer)
                writer.write(UnsafeRawBufferPointer(characters))
            }
        }
    }

    static func writeNext(text: ByteBuffer, into buffer: inout ByteBuffer) {
        text.withUnsafeReadableBytes { self.transcode($0, into: &buffer) }
    }

    static func writeNext(options text: String, into buffer: inout ByteBuffer) {
        var text = text
        text.withUTF8 { self.transcode(UnsafeRawBufferPointer($0), into: &buffer) }
    }

    /// The list's head says where it ends.
    static func end(_ buffer: inout ByteBuffer) {}

    private static func transcode(_ text: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        self.write(into: &buffer, room: ValueEncoder<Self>.room(for: text.count)) { writer in
            let start = writer.count
            var encoder = ValueEncoder<Self>(text, writer)
            do throws(JSONError) {
                try encoder.encode()
                writer = encoder.writer
            } catch {
                // Only invalid JSON comes here, such as text of a database that does not check its encoding.
                writer.seek(start)
                writer.write(self.null)
            }
        }
    }

    @inline(__always)
    private static func write(into buffer: inout ByteBuffer, room: Int, _ body: (inout OctetWriter) -> Void) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
            var writer = OctetWriter(target)
            body(&writer)
            return writer.count
        }
    }
}
