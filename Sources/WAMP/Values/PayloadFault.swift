package import Names

/// Why a received payload can't be used.
package enum PayloadFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The peers' own bytes in place of the arguments (payload passthru, end-to-end encryption).
    case opaque
    /// Lists and dictionaries nested deeper than ``DecodingLimits/depth``.
    case tooDeep
    /// Half of a surrogate pair in an escape: text that is not Unicode.
    case loneSurrogate
    /// NaN or an infinity, which JSON does not have (Python's encoder writes them).
    case notFinite
    /// A number with an exponent out of all reason, or with more digits than PostgreSQL's `numeric` holds.
    case absurdNumber
    /// A dictionary's key that is not text: MessagePack and CBOR have such keys, JSON does not.
    case keyNotText
    /// A string of MessagePack or CBOR that is not UTF-8.
    case invalidUTF8
    /// Its JSON text, with all digits of its numbers, would have more octets than ``DecodingLimits/textSize``, or it
    /// has an integer of too many digits.
    case tooLarge
    /// The message has more octets than we accept. Only its beginning was read.
    case messageTooLong

    /// The error URI that reports it to a peer.
    package var uri: URI {
        switch self {
        case .opaque: WAMPError.featureNotSupported
        case .messageTooLong: WAMPError.payloadSizeExceeded
        case .tooDeep, .loneSurrogate, .notFinite, .absurdNumber, .keyNotText, .invalidUTF8, .tooLarge:
            WAMPError.invalidArgument
        }
    }

    /// What is wrong, for users.
    package var description: String {
        switch self {
        case .opaque: "the payload is encrypted or passed through, which is not supported"
        case .tooDeep: "the payload is nested too deeply"
        case .loneSurrogate: "the payload has a string with half a surrogate pair"
        case .notFinite: "the payload has a number that is not finite"
        case .absurdNumber: "the payload has a number with too great an exponent or too many digits"
        case .keyNotText: "the payload has a dictionary with a key that is not a string"
        case .invalidUTF8: "the payload has a string that is not UTF-8"
        case .tooLarge:
            "the payload is too large as JSON with all digits of its numbers, or has an integer of more than 1024 bits"
        case .messageTooLong: "the message is longer than the 16 MiB that are taken"
        }
    }
}
