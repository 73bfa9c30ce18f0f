package import NIOCore

/// The arguments that a message carries for applications. They stay bytes: JSON text, whatever the serializer on the
/// wire.
package struct Payload: Sendable, Equatable {
    /// The text of a JSON array; nil if there is none.
    package var arguments: ByteBuffer?
    /// The text of a JSON object; nil if there is none. A key may occur twice in it.
    package var keywordArguments: ByteBuffer?
    /// True if some string (or key) in it holds an escaped U+0000: WAMP binary or a NUL character. PostgreSQL's `jsonb`
    /// takes neither.
    package var containsNUL: Bool
    /// Why a received payload can't be used; nil if it can. With a fault the arguments are nil.
    ///
    /// Such a payload is not a protocol violation: any peer can cause it through a router that passes payloads on
    /// unread, and must not end the session of another. An invocation is answered with an error, an event is dropped.
    package var fault: PayloadFault?
    /// The arguments of a payload with a ``fault``, for people: as they stood in the message, one after the other.
    /// Empty if there is no text of them.
    package var unreadableText: ByteBuffer?

    /// No arguments at all.
    package static let empty = Payload()

    /// Takes the texts as they are.
    package init(
        arguments: ByteBuffer? = nil, keywordArguments: ByteBuffer? = nil, containsNUL: Bool = false,
        fault: PayloadFault? = nil, unreadableText: ByteBuffer? = nil
    ) {
        self.arguments = arguments
        self.keywordArguments = keywordArguments
        self.containsNUL = containsNUL
        self.fault = fault
        self.unreadableText = unreadableText
    }

    /// Payloads with the same fault are equal.
    package static func == (left: Payload, right: Payload) -> Bool {
        left.arguments == right.arguments && left.keywordArguments == right.keywordArguments
            && left.containsNUL == right.containsNUL && left.fault == right.fault
    }

    /// The bytes of both texts.
    package var byteCount: Int {
        (self.arguments?.readableBytes ?? 0) + (self.keywordArguments?.readableBytes ?? 0)
            + (self.unreadableText?.readableBytes ?? 0)
    }

    /// Checks what comes from the database or a file, and makes WAMP binary of what is marked as binary; see
    /// ``JSON/prepareForRouter(_:kind:)``. Every payload that is sent to a router has passed through here, or is
    /// written by us.
    ///
    /// - Throws: what some routers can't read; nothing of it may be sent then.
    package mutating func prepareForRouter() throws(JSONError) {
        try Self.prepare(&self.arguments, kind: .array)
        try Self.prepare(&self.keywordArguments, kind: .object)
    }

    private static func prepare(_ text: inout ByteBuffer?, kind: JSONKind) throws(JSONError) {
        guard var buffer = text else { return }
        // The local copy must hold the only reference, or a change would copy the text.
        text = nil
        try JSON.prepareForRouter(&buffer, kind: kind)
        text = buffer
    }
}

extension Payload {
    /// A longer list of arguments is not a sentence for people.
    private static let mostOctetsOfText = 1 << 16

    /// The first argument, if it is text.
    package var firstText: String? {
        guard let text = self.arguments, text.readableBytes <= Self.mostOctetsOfText,
            case .list(let arguments)? = try? JSON.value(of: text), case .string(let first)? = arguments.first
        else { return nil }
        return first
    }
}
