/// Why octets are not a value of MessagePack or CBOR, and where. Never holds any of them.
package struct FormatError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of faults.
    package enum Code: UInt8, Sendable, Hashable {
        /// The octets end in the middle of a value, or a length promises more than there are.
        case unexpectedEnd
        /// An octet that begins no value.
        case reservedOctet
        /// A break where nothing of indefinite length is open, or in the middle of a pair.
        case misplacedBreak
        /// Something other than a string of the same kind within a string of indefinite length.
        case wrongChunk
        /// The message is not a list.
        case notAList
        /// Something follows the list.
        case trailingOctets
    }

    /// What is wrong.
    package let code: Code
    /// Where: octets from the beginning of the message.
    package let offset: Int

    /// Describes a fault at an offset.
    package init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// For people and logs.
    package var description: String {
        let fault =
            switch self.code {
            case .unexpectedEnd: "it ends too early"
            case .reservedOctet: "an octet that begins no value"
            case .misplacedBreak: "a break where none can be"
            case .wrongChunk: "a wrong piece of a string"
            case .notAList: "another value"
            case .trailingOctets: "octets after its end"
            }
        return "\(fault), at octet \(self.offset)"
    }
}
