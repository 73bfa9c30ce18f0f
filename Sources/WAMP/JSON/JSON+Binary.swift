internal import Cryptography
package import NIOCore

/// WAMP's binary in JSON: a string of U+0000 (escaped, as it must be) and padded base64.
extension JSON {
    /// The six octets that U+0000 is written with; its digits have no other form.
    private static let escapedNUL: StaticString = "\\u0000"

    /// The octets that a binary string stands for; nil for any other string (also if no base64 follows the U+0000) or
    /// value.
    package static func binary(of element: JSONElement) -> [UInt8]? {
        guard element.beginsWithNUL else { return nil }
        return element.text.withUnsafeReadableBytes { self.binary(ofString: $0) }
    }

    /// Copies a JSON text, and replaces each binary string in it by the string `\x` with its hexadecimal digits, which
    /// `jsonb` holds and PostgreSQL casts to `bytea`. All else is copied unchanged.
    ///
    /// - Throws: `unexpectedNUL` if a key, or a string that is not binary, holds a U+0000. Some of the text may have
    ///   been written by then.
    package static func writeReplacingBinary(_ text: ByteBuffer, into buffer: inout ByteBuffer) throws(JSONError) {
        _ = try self.validate(text)
        buffer.reserveCapacity(minimumWritableBytes: text.readableBytes * 2)
        var fault: JSONError?
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: text.readableBytes * 2) { target in
            text.withUnsafeReadableBytes { source in
                do throws(JSONError) {
                    return try self.copyReplacingBinary(source, to: target)
                } catch {
                    fault = error
                    return 0
                }
            }
        }
        if let fault { throw fault }
    }

    /// Writes octets as a binary string, with its quotes.
    package static func write(binary: [UInt8], into buffer: inout ByteBuffer) {
        buffer.writeStaticString("\"\\u0000")
        buffer.writeBytes(Base64.encode(binary))
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// True if a string, with its quotes, begins with an escaped U+0000.
    static func beginsWithNUL(_ string: UnsafeRawBufferPointer) -> Bool {
        guard string.count >= 8 else { return false }
        for offset in 0..<6 where string[1 + offset] != self.escapedNUL.utf8Start[offset] { return false }
        return true
    }

    /// The octets of a checked string that begins with U+0000; nil if base64 does not follow.
    static func binary(ofString string: UnsafeRawBufferPointer) -> [UInt8]? {
        guard string.count >= 8 else { return nil }
        let base64 = UnsafeRawBufferPointer(rebasing: string[7..<(string.count - 1)])
        // Some encoders write a slash with a backslash.
        if base64.contains(UInt8(ascii: "\\")) { return Base64.decode(self.unescapedBytes(base64)) }
        return Base64.decode(Array(base64))
    }

    /// Writes the octets of a checked string that begins with U+0000.
    ///
    /// - Returns: their number; nil if no base64 follows.
    static func binary(of string: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        guard string.count >= 8 else { return nil }
        let base64 = UnsafeRawBufferPointer(rebasing: string[7..<(string.count - 1)])
        // Some encoders write a slash with a backslash.
        guard base64.contains(UInt8(ascii: "\\")) else { return Base64.decode(base64, into: target) }
        return self.unescapedBytes(base64).withUnsafeBytes { Base64.decode($0, into: target) }
    }

    /// Copies a checked text. The copy is less than twice as long: `"\u0000` and the base64 of n octets have 8 + 4n/3,
    /// `"\\x` and the hexadecimal digits 5 + 2n.
    private static func copyReplacingBinary(
        _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer
    ) throws(JSONError) -> Int {
        var written = 0
        func append(_ bytes: some Collection<UInt8>) {
            target[written..<(written + bytes.count)].copyBytes(from: bytes)
            written += bytes.count
        }
        var copied = 0
        var index = 0
        while index < source.count {
            guard source[index] == UInt8(ascii: "\"") else {
                index += 1
                continue
            }
            let start = index
            let (end, containsNUL) = self.endOfString(source, from: start)
            index = end
            guard containsNUL else { continue }
            let string = UnsafeRawBufferPointer(rebasing: source[start..<end])
            guard self.beginsWithNUL(string), !self.isKey(source, endingAt: end),
                let bytes = self.binary(ofString: string)
            else { throw JSONError(.unexpectedNUL, at: start) }
            append(source[copied..<start])
            append(Array("\"\\\\x".utf8))
            append(Hexadecimal.encode(bytes).utf8)
            append(CollectionOfOne(UInt8(ascii: "\"")))
            copied = end
        }
        append(source[copied..<source.count])
        return written
    }

    /// Where the string that begins at the given quote ends (behind its other quote), and whether it has a U+0000.
    static func endOfString(
        _ source: UnsafeRawBufferPointer, from start: Int
    ) -> (end: Int, containsNUL: Bool) {
        var index = start + 1
        var containsNUL = false
        while index < source.count {
            let byte = source[index]
            if byte == UInt8(ascii: "\"") { return (index + 1, containsNUL) }
            if byte == UInt8(ascii: "\\") {
                if index + 5 < source.count, source[index + 1] == UInt8(ascii: "u"),
                    source[(index + 2)...(index + 5)].allSatisfy({ $0 == UInt8(ascii: "0") })
                {
                    containsNUL = true
                }
                index += 2
            } else {
                index += 1
            }
        }
        return (source.count, containsNUL)
    }

    static func isKey(_ source: UnsafeRawBufferPointer, endingAt end: Int) -> Bool {
        let next = source[end...].first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        return next == UInt8(ascii: ":")
    }
}
