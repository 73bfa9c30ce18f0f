import Glibc
package import NIOCore

/// Binary on its way out of the database.
///
/// PostgreSQL's `jsonb` takes no U+0000, with which WAMP's JSON begins a binary string; the SQL function `binary()` writes U+0001 in its
/// place. One digit makes the difference.
extension JSON {
    /// U+0001 as the server writes it.
    private static let mark: StaticString = "\\u0001"

    /// Makes WAMP binary of each string in a checked text that begins with U+0001.
    package static func restoreBinary(in text: inout ByteBuffer) {
        var start = 0
        while let escape = self.nextEscape(in: text, from: start) {
            if escape.isMark {
                text.setInteger(
                    UInt8(ascii: "0"), at: text.readerIndex + escape.offset + self.mark.utf8CodeUnitCount - 1)
            }
            start = escape.end
        }
    }

    private struct Escape {
        /// Of its backslash.
        let offset: Int
        let isMark: Bool
        /// Where to look for the next one.
        var end: Int { self.offset + 2 }
    }

    /// - Parameter start: the beginning, or where the escape before ends.
    private static func nextEscape(in text: ByteBuffer, from start: Int) -> Escape? {
        text.withUnsafeReadableBytes { bytes -> Escape? in
            guard start < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + start, Int32(UInt8(ascii: "\\")), bytes.count - start)
            else { return nil }
            let offset = base.distance(to: UnsafeRawPointer(found))
            // A quote right ahead begins the string, unless it belongs to the escape before.
            let beginsString = offset > start && bytes[offset - 1] == UInt8(ascii: "\"")
            let rest = bytes[offset...].prefix(self.mark.utf8CodeUnitCount)
            let isMark = beginsString && self.mark.withUTF8Buffer { rest.elementsEqual($0) }
            return Escape(offset: offset, isMark: isMark)
        }
    }
}
