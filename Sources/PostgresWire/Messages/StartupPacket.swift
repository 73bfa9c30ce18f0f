package import NIOCore

/// The first packet of a client: it has no type.
package enum StartupPacket: Sendable, Equatable {
    /// Asks for TLS.
    case encryption(Encryption)
    /// Asks for another session's query to be canceled.
    case cancel
    /// Begins a session of protocol 3.
    case start(Start)

    /// What a client can ask for before a session begins.
    package enum Encryption: Sendable, Hashable {
        /// SSLRequest.
        case tls
        /// GSSENCRequest.
        case gss
    }

    /// The beginning of a session.
    package struct Start: Sendable, Equatable {
        /// The minor version of protocol 3.
        package var minorVersion: Int
        /// The user that the client claims to be.
        package var user: String
        /// The encoding that the client asks for, if any.
        package var clientEncoding: String?
        /// Whether the session is for streaming the write-ahead log.
        package var isReplication: Bool
        /// The names of protocol extensions that the client asks for; we know none of them.
        package var protocolOptions: [String]
    }

    private static let majorVersion = 3
    private static let encryptionTLS: UInt32 = 80_877_103
    private static let encryptionGSS: UInt32 = 80_877_104
    private static let cancelRequest: UInt32 = 80_877_102

    /// Takes a packet, without its length.
    ///
    /// - Throws: the error for the client.
    package init(_ packet: ByteBuffer) throws(WireError) {
        var packet = packet
        guard let code = packet.readInteger(as: UInt32.self) else { throw .violation("invalid startup packet") }
        switch code {
        case Self.encryptionTLS, Self.encryptionGSS:
            guard packet.readableBytes == 0 else { throw .violation("invalid encryption request") }
            self = .encryption(code == Self.encryptionTLS ? .tls : .gss)
        case Self.cancelRequest:
            // A process and a key of 4 octets; the key has up to 256 octets in protocols after 3.1.
            guard (8...260).contains(packet.readableBytes) else { throw .violation("invalid cancel request") }
            self = .cancel
        default:
            guard code >> 16 == UInt32(Self.majorVersion) else {
                throw WireError(
                    .fatal, "0A000",
                    "unsupported frontend protocol \(code >> 16).\(code & 0xFFFF): server supports 3.0 to 3.0")
            }
            self = .start(try Self.start(minorVersion: Int(code & 0xFFFF), packet))
        }
    }

    private static func start(minorVersion: Int, _ parameters: ByteBuffer) throws(WireError) -> Start {
        var parameters = parameters
        var start = Start(minorVersion: minorVersion, user: "", isReplication: false, protocolOptions: [])
        while true {
            guard let name = parameters.readCString() else { throw Self.layout }
            // The last octet.
            if name.isEmpty { break }
            guard let value = parameters.readCString() else { throw Self.layout }
            switch name {
            case "user": start.user = value
            case "client_encoding": start.clientEncoding = value
            case "replication": start.isReplication = !Self.falsehoods.contains(value.lowercased())
            default: if name.hasPrefix("_pq_.") { start.protocolOptions.append(name) }
            }
        }
        guard parameters.readableBytes == 0 else { throw Self.layout }
        guard !start.user.isEmpty else {
            throw WireError(.fatal, "28000", "no PostgreSQL user name specified in startup packet")
        }
        return start
    }

    private static let falsehoods: Set<String> = ["", "false", "off", "no", "0", "f", "n"]
    private static let layout = WireError.violation(
        "invalid startup packet layout: expected terminator as last byte")
}

extension ByteBuffer {
    /// Takes the characters up to the next NUL, and the NUL; replaces what is not UTF-8. Nil if there is no NUL.
    mutating func readCString() -> String? {
        guard let length = self.readableBytesView.firstIndex(of: 0).map({ $0 - self.readerIndex }),
            let bytes = self.readBytes(length: length)
        else { return nil }
        self.moveReaderIndex(forwardBy: 1)
        return String(decoding: bytes, as: UTF8.self)
    }
}
