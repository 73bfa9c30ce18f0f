internal import Cryptography
package import NIOCore

/// Checks what the database or a file sends to a router.
///
/// A router that can't read a message ends the session, and with it everything else that is under way. So what some
/// routers can't read is found here, where it harms only the one message.
extension JSON {
    /// The deepest nesting that is sent. Recursive decoders fail at twice as many levels, and at fewer: those in Python
    /// have 1000 frames, and CBOR's takes several for each level.
    package static let mostOutgoingLevels = 256

    /// Checks a text before it is sent, and makes WAMP binary of what the SQL function `binary()` made: an object of
    /// one member, `{"\u0001binary": "<base64>"}`. No value of a text can look like it, whatever it holds. An object of
    /// this kind whose member is not strict base64 stays unchanged. Integers of more than 64 bits become doubles.
    ///
    /// - Parameter kind: the kind that the value must have, also after marks have become binary: a value that is binary
    ///   as a whole is no longer an object. Nil for any kind.
    /// - Throws: what some routers can't read.
    package static func prepareForRouter(_ text: inout ByteBuffer, kind: JSONKind? = nil) throws(JSONError) {
        let limits = DecodingLimits(depth: self.mostOutgoingLevels, size: .max)
        let token = try self.scan(text, limits: limits) { (scanner: inout JSONScanner) throws(JSONError) in
            try scanner.scanToken()
        }
        if let kind, token.kind != kind { throw JSONError(.wrongKind, at: 0) }
        if token.traits.contains(.unreadableNumber) { throw JSONError(.unreadableNumber, at: token.end) }
        if token.traits.contains(.greatInteger) { self.makeDoubles(in: &text) }
        if token.traits.contains(.containsMark) {
            self.restoreBinary(in: &text)
            if kind == .object, self.isString(text) { throw JSONError(.wrongKind, at: 0) }
        }
        if token.traits.contains(.containsNUL) { try self.checkBinary(text) }
    }

    // MARK: - Great integers

    /// Gives each integer of more than 64 bits a fraction: a router that hands it to others in MessagePack could not
    /// write it. One beyond all doubles becomes the text of its digits.
    private static func makeDoubles(in text: inout ByteBuffer) {
        var result = ByteBuffer()
        result.reserveCapacity(text.readableBytes + 256)
        text.withUnsafeReadableBytes { bytes in
            var copied = 0
            var index = 0
            while index < bytes.count {
                let start = index
                index = self.endOfToken(bytes, from: start)
                let token = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
                guard JSONNumber.isGreatInteger(token) else { continue }
                result.writeBytes(bytes[copied..<start])
                if case .double(let double) = JSONNumber(token), !double.isFinite {
                    result.writeStaticString("\"")
                    result.writeBytes(token)
                    result.writeStaticString("\"")
                } else {
                    result.writeBytes(token)
                    result.writeStaticString(".0")
                }
                copied = index
            }
            result.writeBytes(bytes[copied...])
        }
        text = result
    }

    /// Where a string or a number ends that begins there; the next octet for anything else.
    private static func endOfToken(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        switch bytes[start] {
        case UInt8(ascii: "\""): self.endOfString(bytes, from: start).end
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            bytes[start...].firstIndex { !self.isOfNumber($0) } ?? bytes.count
        default: start + 1
        }
    }

    private static func isOfNumber(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    // MARK: - Binary

    private static let mark: StaticString = "\"\\u0001binary\""

    private static func isString(_ text: ByteBuffer) -> Bool {
        text.withUnsafeReadableBytes { bytes in
            let start = self.skipWhiteSpace(bytes, from: 0)
            return start < bytes.count && bytes[start] == UInt8(ascii: "\"")
        }
    }

    /// Replaces each mark in place: the result is shorter than the mark.
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
    /// - Returns: where its base64 is, without the quotes, and where it ends; nil for any other object.
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

    /// Makes sure that each string or key that begins with U+0000 is binary: peers decode what follows as base64, and
    /// end the session if they can't.
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
