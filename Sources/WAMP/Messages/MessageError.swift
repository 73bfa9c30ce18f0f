/// Why a received message is a protocol violation. The description goes into the ABORT and the log. Holds none of the
/// message's content.
package struct MessageError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of violations.
    package enum Code: Sendable, Hashable {
        /// It has more octets than we accept.
        case tooLarge
        /// It is not a JSON list.
        case malformed(JSONError)
        /// It is not a list in the serializer's format.
        case unreadable(SerializerID, FormatError)
        /// The list is empty, or does not begin with an integer.
        case noCode
        /// No message has this code.
        case unknownCode(Int64)
        /// Only clients send this kind.
        case wrongDirection(MessageKind)
        /// Elements are missing.
        case tooShort(MessageKind)
        /// An element (counted from 0, the code) is not what the table requires.
        case wrongElement(MessageKind, index: Int)
    }

    /// The violation.
    package let code: Code

    /// Describes a violation.
    package init(_ code: Code) {
        self.code = code
    }

    /// For people, including the peer's.
    package var description: String {
        switch self.code {
        case .tooLarge: "the message is too large"
        case .malformed(let fault): "the message is not a JSON list: \(fault)"
        case .unreadable(let serializer, let fault): "the message is not a \(serializer.formatName) list: \(fault)"
        case .noCode: "the message does not begin with the code of its kind"
        case .unknownCode(let code): "there is no message with code \(code)"
        case .wrongDirection(let kind): "\(kind.name) is sent by clients only"
        case .tooShort(let kind): "\(kind.name) has too few elements"
        case .wrongElement(let kind, let index):
            "element \(index) of \(kind.name) must be \(Self.text(of: kind.shape.element(at: index)))"
        }
    }

    private static func text(of element: MessageShape.Element) -> String {
        switch element {
        case .none: "absent"
        case .id: "an id from 1 to 2^53"
        case .idOrZero: "0 or an id from 1 to 2^53"
        case .requestKind: "the code of a request"
        case .string: "a string"
        case .dictionary: "a dictionary"
        case .arguments: "a list"
        case .keywordArguments: "a dictionary"
        case .publication: "an integer"
        }
    }
}
