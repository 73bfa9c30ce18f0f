package import NIOCore

/// A message of a client after its startup packet: a type and a body.
package struct FrontendMessage: Sendable, Equatable {
    /// The types that clients send.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// A simple query.
        case query = 0x51
        /// Terminate.
        case terminate = 0x58
        /// SASLInitialResponse, SASLResponse, a password.
        case password = 0x70
        /// Parse, of the extended protocol.
        case parse = 0x50
        /// Bind.
        case bind = 0x42
        /// Describe.
        case describe = 0x44
        /// Execute.
        case execute = 0x45
        /// Close, of a statement or portal.
        case close = 0x43
        /// Flush.
        case flush = 0x48
        /// Sync.
        case sync = 0x53
        /// FunctionCall.
        case functionCall = 0x46
        /// CopyData.
        case copyData = 0x64
        /// CopyDone.
        case copyDone = 0x63
        /// CopyFail.
        case copyFail = 0x66
    }

    /// The beginning of a message.
    struct Header {
        let kind: Kind
        /// The number of octets that follow.
        let length: Int

        /// The octets of a header: the type, and a length that includes itself.
        static let size = 5
    }

    /// The kind of the message.
    package let kind: Kind
    /// Everything behind the length.
    package let body: ByteBuffer

    /// Reads a header without taking it.
    ///
    /// - Returns: nil if it is not complete.
    /// - Throws: a violation, if it can't belong to a message.
    static func header(in buffer: ByteBuffer) throws(WireError) -> Header? {
        guard let type = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        guard let kind = Kind(rawValue: type) else { throw .violation("invalid frontend message type \(type)") }
        guard let length = buffer.getInteger(at: buffer.readerIndex + 1, as: Int32.self) else { return nil }
        guard length >= 4 else { throw .violation("invalid message length") }
        return Header(kind: kind, length: Int(length) - 4)
    }
}
