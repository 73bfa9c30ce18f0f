import NIOCore
import WAMP

/// The four octets that each side of a RawSocket connection says first (wamp-protocol section 8), client's end.
///
/// Sans I/O: `RawSocketHandler` sends `request` and feeds what comes.
struct RawSocketHandshake: ~Copyable {
    /// What came of the octets so far.
    enum Action: Equatable {
        /// More octets are needed.
        case wait
        /// Agreed; the router takes messages up to this many octets.
        case opened(greatestMessage: Int)
        /// Not a router, or it does not want us.
        case failed(ConnectionFault)
    }

    /// What is asked for, as sent.
    let request: [UInt8]
    /// What is asked for; a router takes this one or none.
    let serializer: SerializerID
    /// Whether it goes through TLS: what else the URL could be.
    private let isSecure: Bool

    /// The first octet of both directions.
    static let magic: UInt8 = 0x7F
    /// What an alert of TLS begins with (RFC 8446 section 5.1).
    private static let tlsAlert: UInt8 = 0x15
    /// Routers never deliver a WELCOME that is larger than what we said we take, without a word; so not less than 2^16.
    static let leastGreatestMessage = 1 << 16
    /// The most that the four octets can say.
    static let mostGreatestMessage = 1 << 24
    /// The most that a frame we send holds: the 25th bit of the length is known to no router.
    static let mostSent = (1 << 24) - 1

    /// - Parameters:
    ///   - serializer: its number on the wire.
    ///   - greatestMessage: what we take; lowered to a power of two, within 2^16 and 2^24.
    ///   - isSecure: whether it goes through TLS.
    init(serializer: SerializerID, greatestMessage: Int, isSecure: Bool = false) {
        self.isSecure = isSecure
        let exponent = Self.exponent(greatestMessage)
        self.serializer = serializer
        self.request = [Self.magic, UInt8(exponent) << 4 | serializer.rawValue, 0, 0]
    }

    /// The limit that is told to the router: the power of two that is not above what was asked for.
    static func announcedLimit(_ greatestMessage: Int) -> Int {
        1 << (9 + self.exponent(greatestMessage))
    }

    private static func exponent(_ greatestMessage: Int) -> Int {
        let clamped = min(max(greatestMessage, self.leastGreatestMessage), self.mostGreatestMessage)
        return clamped.bitWidth - 1 - clamped.leadingZeroBitCount - 9
    }

    /// Takes the router's four octets out of the buffer, once they are there.
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
            // Reserved octets that are not zero: Crossbar.io ignores them from us, so do we from it.
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

    /// The router closed the connection before its four octets were in.
    func closed() -> ConnectionFault {
        // Crossbar.io resets the connection for a serializer it does not have, for a bad first octet and for HTTP.
        .perhapsSerializer(
            "closed the connection instead of answering the RawSocket handshake: it refuses the serializer "
                + "\(self.serializer), or this is not a RawSocket port (\(self.otherURLs))")
    }

    /// What to write for another kind of port.
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
                "refused the greatest message length that was asked for; look at the router's limit of a message, or write "
                    + (self.isSecure ? "wss://" : "ws://"))
        case 3:
            return ConnectionFault(
                .handshake,
                "refused the RawSocket handshake because of reserved bits, of which none were set; is this the port of a "
                    + "WAMP router?")
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
                "answered with HTTP: this is a web or WebSocket port; write \(self.isSecure ? "wss" : "ws"):// with its path"
            )
        }
        if !self.isSecure, buffer.readableBytesView.first == Self.tlsAlert {
            return ConnectionFault(.handshake, "answered with an alert of TLS: this is a port with TLS; write rss://")
        }
        return ConnectionFault(
            .handshake, "answered with something that is not RawSocket; is this the port of a WAMP router?")
    }
}
