package import NIOCore

/// Messages to and from JSON text. Only the envelope is decoded; details and payload stay slices of the text.
///
/// Received text is hostile, whatever the router is: see ``JSONScanner``. What is sent is right by construction;
/// payloads are trusted to be what they say.
package struct JSONSerializer: Sendable {
    private let limits: DecodingLimits

    /// Takes the limits for received messages.
    package init(limits: DecodingLimits = .default) {
        self.limits = limits
    }

    /// Reads one message, which must be all of the buffer.
    ///
    /// - Throws: what the peer did wrong; the session is to be aborted then.
    package func decode(_ message: ByteBuffer) throws(MessageError) -> IncomingMessage {
        guard message.readableBytes <= self.limits.size else { throw MessageError(.tooLarge) }
        let outcome: Result<IncomingMessage, MessageError> = message.withUnsafeReadableBytes { bytes in
            do throws(MessageError) {
                return .success(try self.decode(message, bytes))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private func decode(
        _ message: ByteBuffer, _ bytes: UnsafeRawBufferPointer
    ) throws(MessageError) -> IncomingMessage {
        var envelope = Envelope()
        do throws(JSONError) {
            try envelope.scan(bytes, limits: self.limits)
        } catch {
            throw MessageError(.malformed(error))
        }
        guard let code = envelope.code(bytes) else { throw MessageError(.noCode) }
        guard let kind = Int(exactly: code).flatMap({ MessageKind(rawValue: $0) }) else {
            // Codes up to 255 are the specification's, those beyond belong to routers.
            guard code > 255 else { throw MessageError(.unknownCode(code)) }
            return .extension(code: code)
        }
        guard kind.shape.direction != .toRouter else { throw MessageError(.wrongDirection(kind)) }
        try envelope.check(kind, bytes)
        return try MessageReader(message: message, bytes: bytes, envelope: envelope).read(kind)
    }
}
