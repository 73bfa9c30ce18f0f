import NIOCore
import WAMP

/// The four octets that each side of a RawSocket connection sends first (wamp-protocol section 8), client's end.
///
/// Sans I/O: `RawSocketHandler` sends `request` and passes on what arrives.
struct RawSocketHandshake: ~Copyable {
    /// The result of the octets so far.
    enum Action: Equatable {
        /// More octets are needed.
        case wait
        /// Agreed; the router accepts messages up to this many octets.
        case opened(greatestMessage: Int)
        /// Not a router, or it refuses us.
        case failed(ConnectionFault)
    }

    /// The request, as sent.
    let request: [UInt8]
    /// The serializer that is asked for; a router agrees to this one or none.
    let serializer: SerializerID
    /// Whether the connection uses TLS; for the URLs in messages.
    private let isSecure: Bool

    /// The first octet of both directions.
    static let magic: UInt8 = 0x7F
    /// The first octet of an alert of TLS (RFC 8446 section 5.1).
    private static let tlsAlert: UInt8 = 0x15
    /// Routers silently drop a WELCOME that is larger than the limit that we announced; so at least 2^16.
    static let leastGreatestMessage = 1 << 16
    /// The most that the four octets can express.
    static let mostGreatestMessage = 1 << 24
    /// The longest payload of a frame that we send: no router knows the 25th bit of the length.
    static let mostSent = (1 << 24) - 1

    /// - Parameters:
    ///   - serializer: its number on the wire.
    ///   - greatestMessage: the longest message that we accept; lowered to a power of two, within 2^16 and 2^24.
    ///   - isSecure: whether the connection uses TLS.
    init(serializer: SerializerID, greatestMessage: Int, isSecure: Bool = false) {
        self.isSecure = isSecure
        let exponent = Self.exponent(greatestMessage)
        self.serializer = serializer
        self.request = [Self.magic, UInt8(exponent) << 4 | serializer.rawValue, 0, 0]
    }

    /// The limit that the router gets: the greatest power of two that does not exceed the limit.
    static func announcedLimit(_ greatestMessage: Int) -> Int {
        1 << (9 + self.exponent(greatestMessage))
    }

    private static func exponent(_ greatestMessage: Int) -> Int {
        let clamped = min(max(greatestMessage, self.leastGreatestMessage), self.mostGreatestMessage)
        return clamped.bitWidth - 1 - clamped.leadingZeroBitCount - 9
    }

    /// Takes the router's four octets from the buffer, once they are there.
    func received(_ buffer: inout ByteBuffer) -> Action {
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else {
            return .wait
        }
        guard first == Self.magic else {
            return .failed(self.notRawSocket(buffer))
        }
        guard buffer.readableBytes >= 4, let octets = buffer.readInteger(as: UInt32.self) else {
            return .wait
        }
        let answer = UInt8(truncatingIfNeeded: octets >> 16)
        let length = Int(answer >> 4)
        switch answer & 0x0F {
        case self.serializer.rawValue:
            // Reserved octets that are not zero are ignored, as Crossbar.io ignores ours.
            return .opened(greatestMessage: min(1 << (9 + length), Self.mostSent))
        case 0:
            return .failed(self.refusal(length))
        default:
            return .failed(
                ConnectionFault(
                    .handshake,
                    "answered the RawSocket handshake with a serializer that was not asked for (\(answer & 0x0F))"))
        }
    }

    /// The router closed the connection before its four octets arrived.
    func closed() -> ConnectionFault {
        // Crossbar.io resets the connection for an unknown serializer, for a wrong first octet and for HTTP.
        .perhapsSerializer(
            "closed the connection instead of answering the RawSocket handshake: it refuses the serializer "
                + "\(self.serializer), or this is not a RawSocket port (\(self.otherURLs))")
    }

    /// The URLs to write for other kinds of ports.
    private var otherURLs: String {
        self.isSecure
            ? "for a WebSocket port write wss://, for a port without TLS rs://"
            : "for a WebSocket port write ws://, for a port with TLS rss://"
    }

    private func refusal(_ code: Int) -> ConnectionFault {
        switch code {
        case 1:
            return ConnectionFault(
                .serializer,
                "refused the serializer \(self.serializer); allow it there, or write another one in router.serializers")
        case 2:
            return ConnectionFault(
                .handshake,
                "refused the greatest message length that was asked for; look at the router's limit of a message, "
                    + "or write " + (self.isSecure ? "wss://" : "ws://"))
        case 3:
            return ConnectionFault(
                .handshake,
                "refused the RawSocket handshake because of reserved bits, of which none were set; "
                    + "is this the port of a WAMP router?")
        case 4:
            return ConnectionFault(
                .handshake, "refused the connection: it has as many as it takes; raise its limit, or close others")
        default:
            return ConnectionFault(
                .handshake,
                "refused the RawSocket handshake with the unknown error \(code); look at the router's log")
        }
    }

    private func notRawSocket(_ buffer: ByteBuffer) -> ConnectionFault {
        if buffer.readableBytesView.starts(with: "HTTP".utf8.prefix(buffer.readableBytes)) {
            return ConnectionFault(
                .handshake,
                "answered with HTTP: this is a web or WebSocket port; "
                    + "write \(self.isSecure ? "wss" : "ws"):// with its path"
            )
        }
        if !self.isSecure, buffer.readableBytesView.first == Self.tlsAlert {
            return ConnectionFault(.handshake, "answered with an alert of TLS: this is a port with TLS; write rss://")
        }
        return ConnectionFault(
            .handshake, "answered with something that is not RawSocket; is this the port of a WAMP router?")
    }
}
