/// Why bytes are not a JSON text that we accept (RFC 8259), and where. Never holds any of the text.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of faults.
    package enum Code: UInt8, Sendable, Hashable {
        /// The text ends in the middle of a value.
        case unexpectedEnd
        /// A byte that is not allowed at its place.
        case unexpectedByte
        /// Something follows the value.
        case trailingBytes
        /// A number that JSON's grammar does not have, such as 01 or 1.
        case malformedNumber
        /// A control character inside a string.
        case controlCharacter
        /// A backslash that begins no escape.
        case malformedEscape
        /// Half of a surrogate pair in an escape.
        case loneSurrogate
        /// Bytes that are not UTF-8.
        case invalidUTF8
        /// NaN or an infinity.
        case notFinite
        /// A number with an exponent out of all reason, or with more digits than PostgreSQL's `numeric` holds.
        case absurdNumber
        /// An integer with more digits than all peers read, or another number outside the range of doubles.
        case unreadableNumber
        /// Lists and dictionaries nested deeper than the limit.
        case tooDeep
        /// More bytes than the limit.
        case tooLarge
        /// A value of another kind than the caller asked for.
        case wrongKind
        /// A U+0000 that does not begin a binary string.
        case unexpectedNUL
    }

    /// What is wrong.
    package let code: Code
    /// Where: octets from the beginning of the text.
    package let offset: Int

    /// Describes a fault at an offset.
    package init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// For people and logs; without any of the text.
    package var description: String {
        let fault =
            switch self.code {
            case .unexpectedEnd: "the JSON text ends too early"
            case .unexpectedByte: "unexpected byte in the JSON text"
            case .trailingBytes: "bytes after the end of the JSON text"
            case .malformedNumber: "malformed number"
            case .controlCharacter: "control character in a string"
            case .malformedEscape: "malformed escape in a string"
            case .loneSurrogate: "half a surrogate pair in a string"
            case .invalidUTF8: "invalid UTF-8"
            case .notFinite: "a number that is not finite"
            case .absurdNumber: "a number with too great an exponent or too many digits"
            case .unreadableNumber: "an integer of more than 4300 digits, or another number beyond all doubles"
            case .tooDeep: "nested too deeply"
            case .tooLarge: "too large"
            case .wrongKind: "a JSON value of another kind than expected"
            case .unexpectedNUL: "U+0000 in a string that is not binary"
            }
        return "\(fault), at octet \(self.offset)"
    }
}
