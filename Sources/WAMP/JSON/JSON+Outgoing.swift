internal import Cryptography
package import NIOCore

/// What comes from the database, or a file, on its way to a router.
///
/// A router that can't read a message ends the session, and with it everything else that is under way. So what not all routers read is
/// found here, where it harms the one message only.
extension JSON {
    /// The deepest nesting that is sent. Decoders that recurse end at twice as many and less: those in Python have 1000 frames, of which CBOR
    /// takes some for each level.
    package static let mostOutgoingLevels = 256

    /// Checks a text that is to be sent, and makes WAMP binary of what the SQL function `binary()` made: an object of one member,
    /// `{"\u0001binary": "<base64>"}`. It can't be a text's value, whatever somebody writes in it. An object of this kind whose member is
    /// no strict base64 stays as it is.
    ///
    /// - Parameter kind: what it has to be, also when binary has been made of marks: what is binary as a whole is no object any more. Nil for
    ///   anything.
    /// - Throws: what not all routers read.
    package static func prepareForRouter(_ text: inout ByteBuffer, kind: JSONKind? = nil) throws(JSONError) {
        let limits = DecodingLimits(depth: self.mostOutgoingLevels, size: .max)
        let token = try self.scan(text, limits: limits) { (scanner: inout JSONScanner) throws(JSONError) in
            try scanner.scanToken()
        }
        if let kind, token.kind != kind { throw JSONError(.wrongKind, at: 0) }
        if token.traits.contains(.unreadableNumber) { throw JSONError(.unreadableNumber, at: token.end) }
        if token.traits.contains(.containsMark) {
            self.restoreBinary(in: &text)
            if kind == .object, self.isString(text) { throw JSONError(.wrongKind, at: 0) }
        }
        if token.traits.contains(.containsNUL) { try self.checkBinary(text) }
    }

    // MARK: - Binary

    private static let mark: StaticString = "\"\\u0001binary\""

    private static func isString(_ text: ByteBuffer) -> Bool {
        text.withUnsafeReadableBytes { bytes in
            let start = self.skipWhiteSpace(bytes, from: 0)
            return start < bytes.count && bytes[start] == UInt8(ascii: "\"")
        }
    }

    /// Replaces each mark, in place: what is written is shorter than what is read.
    private static func restoreBinary(in text: inout ByteBuffer) {
        let length = text.withUnsafeMutableReadableBytes { bytes -> Int in
            var read = 0
            var written = 0
            while read < bytes.count {
                if bytes[read] == UInt8(ascii: "{"), let binary = self.binary(UnsafeRawBufferPointer(bytes), from: read)
                {
                    self.write(binary.text, of: bytes, at: &written)
                    read = binary.end
                    continue
                }
                let end =
                    bytes[read] == UInt8(ascii: "\"")
                    ? self.endOfString(UnsafeRawBufferPointer(bytes), from: read).end : read + 1
                self.move(read..<end, of: bytes, to: &written)
                read = end
            }
            return written
        }
        text.moveWriterIndex(to: text.readerIndex + length)
    }

    /// The marked object that begins at the given brace.
    ///
    /// - Returns: where its base64 is, without the quotes, and where it ends; nil if it is another object.
    private static func binary(
        _ bytes: UnsafeRawBufferPointer, from brace: Int
    ) -> (text: Range<Int>, end: Int)? {
        var index = self.skipWhiteSpace(bytes, from: brace + 1)
        let mark = UnsafeRawBufferPointer(start: self.mark.utf8Start, count: self.mark.utf8CodeUnitCount)
        guard bytes[index...].starts(with: mark) else { return nil }
        index = self.skipWhiteSpace(bytes, from: index + mark.count)
        guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { return nil }
        index = self.skipWhiteSpace(bytes, from: index + 1)
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return nil }
        let end = self.endOfString(bytes, from: index).end
        let text = (index + 1)..<(end - 1)
        index = self.skipWhiteSpace(bytes, from: end)
        guard index < bytes.count, bytes[index] == UInt8(ascii: "}"),
            Base64.isCanonical(UnsafeRawBufferPointer(rebasing: bytes[text]))
        else { return nil }
        return (text, index + 1)
    }

    private static func skipWhiteSpace(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        bytes[start...].firstIndex { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } ?? bytes.count
    }

    private static func write(_ base64: Range<Int>, of bytes: UnsafeMutableRawBufferPointer, at written: inout Int) {
        let head: StaticString = "\"\\u0000"
        for offset in 0..<head.utf8CodeUnitCount { bytes[written + offset] = head.utf8Start[offset] }
        written += head.utf8CodeUnitCount
        self.move(base64, of: bytes, to: &written)
        bytes[written] = UInt8(ascii: "\"")
        written += 1
    }

    private static func move(_ range: Range<Int>, of bytes: UnsafeMutableRawBufferPointer, to written: inout Int) {
        if range.lowerBound > written {
            let source = UnsafeRawBufferPointer(rebasing: bytes[range])
            UnsafeMutableRawBufferPointer(rebasing: bytes[written..<(written + range.count)]).copyMemory(from: source)
        }
        written += range.count
    }

    /// Makes sure that each string, and key, that begins with U+0000 is binary: peers decode what follows as base64, and leave
    /// where it is none.
    private static func checkBinary(_ text: ByteBuffer) throws(JSONError) {
        let fault = text.withUnsafeReadableBytes { bytes -> Int? in
            var index = 0
            while index < bytes.count {
                guard bytes[index] == UInt8(ascii: "\"") else {
                    index += 1
                    continue
                }
                let start = index
                let (end, containsNUL) = self.endOfString(bytes, from: start)
                index = end
                guard containsNUL else { continue }
                let string = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                guard self.beginsWithNUL(string) else { continue }
                guard !self.isKey(bytes, endingAt: end), self.binary(ofString: string) != nil else { return start }
            }
            return nil
        }
        if let fault { throw JSONError(.unexpectedNUL, at: fault) }
    }
}
