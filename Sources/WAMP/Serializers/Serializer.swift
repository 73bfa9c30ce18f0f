package import NIOCore

/// Encodes and decodes messages, in the serializer that a connection has agreed on.
///
/// Details and payloads are JSON text inside the sidecar, whatever the wire has: with JSON they are slices of the
/// received message, else they are transcoded in one pass. Received octets are hostile, whatever the router is. What is
/// sent is right by construction, and payloads are trusted to be what they say.
package struct Serializer: Sendable {
    /// Which one.
    package let id: SerializerID

    private let limits: DecodingLimits

    /// How many octets of text one octet of another serializer can stand for: `"\u0001"` has six octets for one, ", "
    /// is not encoded at all.
    private static let mostShrinking = 8

    /// Takes the limits for received messages.
    package init(_ id: SerializerID, limits: DecodingLimits = .default) {
        self.id = id
        self.limits = limits
    }

    // MARK: - Receiving

    /// Reads one message, which must take up all of the buffer.
    ///
    /// - Throws: the peer's violation; the session must then be aborted.
    package func decode(_ message: ByteBuffer) throws(MessageError) -> IncomingMessage {
        guard message.readableBytes <= self.limits.size, message.readableBytes <= Int(UInt32.max) else {
            throw MessageError(.tooLarge)
        }
        switch self.id {
        case .json: return try self.decodeText(message)
        case .msgpack: return try self.decode(message, by: MessagePackReader.self)
        case .cbor: return try self.decode(message, by: CBORReader.self)
        }
    }

    private func decodeText(_ message: ByteBuffer) throws(MessageError) -> IncomingMessage {
        let outcome: Result<IncomingMessage, MessageError> = message.withUnsafeReadableBytes { bytes in
            do throws(MessageError) {
                var envelope = Envelope()
                do throws(JSONError) {
                    try envelope.scan(bytes, limits: self.limits)
                } catch {
                    throw MessageError(.malformed(error))
                }
                return .success(try envelope.message(in: message, bytes))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Text mostly has less than twice the octets of the message. If it has more, a second pass has room for whatever
    /// the message can become, up to the limit.
    private func decode<Reader: BinaryReader>(
        _ message: ByteBuffer, by reader: Reader.Type
    ) throws(MessageError) -> IncomingMessage {
        let greatest = self.limits.textSize
        var room = min(2 * message.readableBytes + 256, greatest)
        while true {
            var text = ByteBuffer()
            var envelope = Envelope()
            let fits = try self.transcode(message, by: reader, into: &text, room: room, &envelope)
            // The longest text for its octets is a number of half precision: 3 become 24.
            let ample = min(9 * message.readableBytes + 256, greatest)
            if fits || room == ample { return try Self.message(envelope, in: text) }
            room = ample
        }
    }

    /// - Returns: false if the room was not enough for all elements.
    private func transcode<Reader: BinaryReader>(
        _ message: ByteBuffer, by reader: Reader.Type, into text: inout ByteBuffer, room: Int,
        _ envelope: inout Envelope
    ) throws(MessageError) -> Bool {
        var outcome: Result<Bool, FormatError> = .success(true)
        text.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
            message.withUnsafeReadableBytes { octets in
                guard let writer = JSONTextWriter(target, capacity: room) else { return 0 }
                var decoder = ValueDecoder<Reader>(octets, text: writer, depthLimit: self.limits.depth)
                do throws(FormatError) {
                    outcome = .success(try decoder.message(into: &envelope))
                } catch {
                    outcome = .failure(error)
                }
                return decoder.count
            }
        }
        switch outcome {
        case .success(let fits): return fits
        case .failure(let fault): throw MessageError(.unreadable(self.id, fault))
        }
    }

    private static func message(_ envelope: Envelope, in text: ByteBuffer) throws(MessageError) -> IncomingMessage {
        let outcome: Result<IncomingMessage, MessageError> = text.withUnsafeReadableBytes { bytes in
            do throws(MessageError) {
                return .success(try envelope.message(in: text, bytes))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    // MARK: - Sending

    /// Writes one message.
    package func encode(_ message: OutgoingMessage, into buffer: inout ByteBuffer) {
        switch self.id {
        case .json: MessageEncoder<JSONFormat>.encode(message, into: &buffer)
        case .msgpack: MessageEncoder<MessagePackFormat>.encode(message, into: &buffer)
        case .cbor: MessageEncoder<CBORFormat>.encode(message, into: &buffer)
        }
    }

    /// Writes a YIELD: the hot path.
    @inline(__always)
    package func encode(_ yield: Yield, into buffer: inout ByteBuffer) {
        switch self.id {
        case .json: JSONFormat.encode(yield, into: &buffer)
        case .msgpack: MessageEncoder<MessagePackFormat>.encode(yield, into: &buffer)
        case .cbor: MessageEncoder<CBORFormat>.encode(yield, into: &buffer)
        }
    }

    /// Writes the ERROR that answers an invocation.
    package func encode(_ error: InvocationError, into buffer: inout ByteBuffer) {
        switch self.id {
        case .json: MessageEncoder<JSONFormat>.encode(error, into: &buffer)
        case .msgpack: MessageEncoder<MessagePackFormat>.encode(error, into: &buffer)
        case .cbor: MessageEncoder<CBORFormat>.encode(error, into: &buffer)
        }
    }

    /// Writes a PUBLISH.
    package func encode(_ publish: Publish, into buffer: inout ByteBuffer) {
        switch self.id {
        case .json: MessageEncoder<JSONFormat>.encode(publish, into: &buffer)
        case .msgpack: MessageEncoder<MessagePackFormat>.encode(publish, into: &buffer)
        case .cbor: MessageEncoder<CBORFormat>.encode(publish, into: &buffer)
        }
    }

    /// The fewest octets of a message whose texts have so many. If that alone is too large, the message need not be
    /// encoded. (Only text with much more white space than a database writes could become smaller.)
    package func leastOctets(ofText octets: Int) -> Int {
        switch self.id {
        case .json: octets
        case .msgpack, .cbor: octets / Self.mostShrinking
        }
    }
}
