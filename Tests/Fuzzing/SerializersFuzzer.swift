import NIOCore
import WAMP

/// The decoders of WAMP's serializers, and the round trip of JSON text.
///
/// The first octet of an input says what the rest is.
enum SerializersFuzzer {
    /// Takes one input.
    static func run(_ input: [UInt8]) {
        guard let choice = input.first else { return }
        let octets = ByteBuffer(bytes: input.dropFirst())
        let serializer = SerializerID(rawValue: choice % 3 + 1) ?? .json
        if choice & 0x80 == 0 {
            self.decode(octets, serializer)
        } else {
            self.roundTrip(octets, serializer)
        }
    }

    /// Whatever is taken is consistent, whole messages and payloads.
    private static func decode(_ octets: ByteBuffer, _ serializer: SerializerID) {
        let limits = DecodingLimits(depth: 64, size: 1 << 20)
        _ = try? Serializer(serializer, limits: limits).decode(octets)
        guard let payload = self.payload(octets, serializer, limits: limits) else { return }
        if payload.fault != nil {
            precondition(payload.arguments == nil && payload.keywordArguments == nil)
            return
        }
        guard let arguments = payload.arguments else { return }
        guard let checked = try? JSON.validate(arguments) else { preconditionFailure("the payload is no JSON") }
        precondition(checked.kind == .array)
        precondition(checked.traits.contains(.containsNUL) == payload.containsNUL)
        precondition(serializer == .json || arguments.readableBytes <= limits.textSize)
        self.roundTrip(arguments, serializer)
    }

    /// Text that is a list comes back, in its own form the second time.
    private static func roundTrip(_ text: ByteBuffer, _ serializer: SerializerID) {
        guard text.readableBytes > 2, (try? JSON.validate(text).kind) == .array else { return }
        // An empty list is left out of a message.
        guard let once = self.through(text, serializer), once.readableBytes > 2 else { return }
        precondition(self.through(once, serializer) == once, "the second time it is another")
    }

    /// Nil for numbers that no double is large enough for.
    private static func through(_ text: ByteBuffer, _ serializer: SerializerID) -> ByteBuffer? {
        guard let request = RequestID(1) else { return nil }
        var message = ByteBuffer()
        Serializer(serializer).encode(Yield(request: request, payload: Payload(arguments: text)), into: &message)
        // A YIELD's arguments, in a message that a router may send.
        let head = serializer == .json ? "[70,1,{},".utf8.count : serializer == .msgpack ? 4 : 5
        message.moveReaderIndex(forwardBy: head)
        if serializer == .json { message.moveWriterIndex(to: message.writerIndex - 1) }
        guard let payload = self.payload(arguments: message, serializer) else {
            preconditionFailure("what was sent is no message")
        }
        if let fault = payload.fault {
            precondition(fault == .notFinite, "\(fault)")
            return nil
        }
        return payload.arguments
    }

    private static func payload(
        _ argument: ByteBuffer, _ serializer: SerializerID, limits: DecodingLimits
    ) -> Payload? {
        var arguments = ByteBuffer()
        switch serializer {
        case .json: arguments.writeString("[\(String(buffer: argument))]")
        case .msgpack: arguments.writeBytes([0x91])
        case .cbor: arguments.writeBytes([0x81])
        }
        if serializer != .json { arguments.writeImmutableBuffer(argument) }
        return self.payload(arguments: arguments, serializer, limits: limits)
    }

    private static func payload(
        arguments: ByteBuffer, _ serializer: SerializerID, limits: DecodingLimits = .default
    ) -> Payload? {
        var message = ByteBuffer()
        switch serializer {
        case .json: message.writeString("[68,1,1,{},")
        case .msgpack: message.writeBytes([0x95, 68, 1, 1, 0x80])
        case .cbor: message.writeBytes([0x85, 0x18, 68, 1, 1, 0xA0])
        }
        message.writeImmutableBuffer(arguments)
        if serializer == .json { message.writeString("]") }
        guard case .invocation(let invocation) = try? Serializer(serializer, limits: limits).decode(message) else {
            return nil
        }
        return invocation.payload
    }
}
