internal import Cryptography
import NIOCore
package import Names
package import WAMP

/// The request to an HTTP server to make the connection a WebSocket, and the meaning of its answer (RFC 6455 section 4;
/// wamp-protocol section 9).
///
/// Sans I/O: `WebSocketHandler` sends `request` and passes on what arrives.
package struct WebSocketUpgrade {
    /// The result of the octets so far.
    enum Action: Equatable {
        /// More octets are needed.
        case wait
        /// It is a WebSocket, with the serializer that was chosen; nil if none was offered.
        case opened(SerializerID?)
        /// It is not a WebSocket.
        case failed(ConnectionFault)
    }

    /// The path, with its query.
    private let target: String
    /// The value of `Host`.
    private let host: String
    /// The value of `User-Agent`.
    private let agent: String
    /// The offered serializers, in order of preference. If this is empty, nothing is offered and nothing may be chosen.
    private let serializers: [SerializerID]
    /// The headers that the user adds.
    private let headers: HandshakeHeaders
    /// Random, base64 of 16 octets. The router's answer to it shows that it knows WebSocket.
    private let key: String
    /// Whether the request goes through TLS.
    private let isSecure: Bool
    private var reader = HTTPAnswerReader()

    /// - Parameters:
    ///   - target: the path, with its query.
    ///   - host: the value of `Host`.
    ///   - agent: the value of `User-Agent`.
    ///   - serializers: the offer, in order of preference. Without any, no subprotocol is agreed on: not WAMP.
    ///   - headers: the headers that the user adds, or sets in place of `Host` and `User-Agent`.
    ///   - key: base64 of 16 octets; random, except in tests.
    ///   - isSecure: whether the connection uses TLS; for the URLs in messages.
    package init(
        target: String, host: String, agent: String, serializers: [SerializerID],
        headers: HandshakeHeaders = HandshakeHeaders(), key: String = Self.randomKey(), isSecure: Bool = false
    ) {
        self.isSecure = isSecure
        self.target = target
        self.host = host
        self.agent = agent
        self.serializers = serializers
        self.headers = headers
        self.key = key
    }

    /// The request.
    var request: String {
        var fields = [
            ("Host", self.host), ("User-Agent", self.agent), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", self.key), ("Sec-WebSocket-Version", "13"),
        ]
        if !self.serializers.isEmpty {
            fields.append(("Sec-WebSocket-Protocol", self.offered))
        }
        let replaced = self.headers.names
        fields.removeAll { replaced.contains($0.0.lowercased()) }
        let lines = (fields + self.headers.revealed).map { "\($0): \($1)\r\n" }
        return "GET \(self.target) HTTP/1.1\r\n\(lines.joined())\r\n"
    }

    /// Takes the answer's head from the buffer, once it is complete; frames may follow.
    mutating func received(_ buffer: inout ByteBuffer) -> Action {
        switch self.reader.received(&buffer) {
        case .wait:
            return .wait
        case .notHTTP:
            return .failed(self.notHTTP())
        case .tooLong:
            return .failed(self.endless())
        case .answer(let answer):
            do {
                return .opened(try self.serializer(agreedBy: answer, body: buffer))
            } catch {
                return .failed(error)
            }
        }
    }

    /// The serializer that an answer agrees to; nil if none was offered (RFC 6455 section 4.1).
    private func serializer(agreedBy answer: HTTPAnswer, body: ByteBuffer) throws(ConnectionFault) -> SerializerID? {
        guard answer.status == 101 else {
            throw self.refusal(answer, words: Self.firstLine(of: body))
        }
        let connection = answer.elements("connection").map { $0.lowercased() }
        guard answer.values("upgrade").map({ $0.lowercased() }) == ["websocket"], connection.contains("upgrade"),
            try answer.values("sec-websocket-accept") == [self.acceptance()]
        else {
            throw self.invalidAnswer()
        }
        guard answer.values("sec-websocket-extensions").isEmpty else {
            throw ConnectionFault(.handshake, "turned on a WebSocket extension that was not offered")
        }
        let chosen = answer.elements("sec-websocket-protocol")
        guard let first = chosen.first else {
            if self.serializers.isEmpty { return nil }
            throw ConnectionFault(
                .handshake,
                "opened a WebSocket without a WAMP subprotocol (offered were \(self.offered)); does "
                    + "\(Self.path(self.target)) belong to a WAMP router?")
        }
        guard chosen.count == 1, let serializer = self.serializers.first(where: { $0.subprotocol == first }) else {
            throw ConnectionFault(
                .handshake,
                "chose a WebSocket subprotocol that was not offered (\(ConnectionFault.quoted(first))), "
                    + "instead of one of \(self.offered); does \(Self.path(self.target)) belong to a WAMP router?")
        }
        return serializer
    }

    /// The answer to the key, which only a WebSocket server can compute (RFC 6455 section 4.2.2).
    private func acceptance() throws(ConnectionFault) -> String {
        do {
            let hash = try SHA1.hash(Array((self.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
            return String(decoding: Base64.encode(hash), as: UTF8.self)
        } catch {
            throw ConnectionFault(
                .handshake,
                "can't be reached by WebSocket, because this machine's OpenSSL has no SHA-1; use RawSocket")
        }
    }

    /// Why an answer other than 101 opens no WebSocket, and what to do.
    ///
    /// - Parameter words: the first line of its body, as far as it arrived with the head.
    private func refusal(_ answer: HTTPAnswer, words: String? = nil) -> ConnectionFault {
        let path = Self.path(self.target)
        let words = words.map { " (\(ConnectionFault.quoted($0)))" } ?? ""
        let reason = (answer.reason.isEmpty ? "" : " \(ConnectionFault.quoted(answer.reason))") + words
        let advice: String
        switch answer.status {
        case 200..<300:
            advice = "\(path) is a web page or something else, not a WebSocket; write the router's WebSocket path"
        case 300..<400:
            let location = answer.values("location").first
            advice =
                location.map { "redirects are not followed; the new place is \(ConnectionFault.quoted($0))" }
                ?? "redirects are not followed"
        case 400, 426:
            advice = "it does not take a WebSocket with \(self.offered) at \(path)"
        case 401:
            advice =
                self.headers.names.contains("authorization")
                ? "it, or a proxy before it, does not take the Authorization of router.headers"
                : "it, or a proxy before it, wants HTTP authentication at \(path); give it one by Authorization in "
                    + "router.headers"
        case 403:
            advice = "it, or a proxy before it, forbids \(path); look at which addresses, origins and paths it lets in"
        case 404, 405, 410:
            advice = "there is no WebSocket at \(path); write the router's WebSocket path (often /ws)"
        case 500..<600:
            advice = "the router, or a proxy before it, is in trouble or still starting; look at its log"
        default:
            advice = "it does not take a WebSocket with \(self.offered) at \(path); write the router's WebSocket path"
        }
        return ConnectionFault(.handshake, "answered with HTTP \(answer.status)\(reason): \(advice)")
    }

    /// The longest line of a body that is considered.
    private static let greatestLine = 512

    /// The first line of a body if it is a sentence for people; nil for pages, or without a body.
    private static func firstLine(of body: ByteBuffer) -> String? {
        let octets = body.readableBytesView.drop { $0 <= 0x20 }.prefix(self.greatestLine)
        guard let first = octets.first, first != UInt8(ascii: "<") else { return nil }
        return String(decoding: octets.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    /// Why a 101 answer is invalid, other than by its extensions and its subprotocol.
    private func invalidAnswer() -> ConnectionFault {
        ConnectionFault(
            .handshake,
            "answered the WebSocket handshake wrongly (Upgrade, Connection or Sec-WebSocket-Accept is missing or wrong)"
        )
    }

    /// The connection was closed before there was an answer.
    func closed() -> ConnectionFault {
        if let answer = self.reader.begun, answer.status >= 200 {
            return self.refusal(answer)
        }
        return self.closedWithoutAnswer
    }

    private var closedWithoutAnswer: ConnectionFault {
        ConnectionFault(
            .handshake,
            "closed the connection instead of answering the WebSocket handshake: "
                + "\(Self.path(self.target)) is not one of its paths, it takes none of the offered subprotocols "
                + "(\(self.offered)), it is not a WebSocket port "
                + "(\(self.otherURLs)), or the router is still starting")
    }

    /// The answer's head is larger than any server's.
    private func endless() -> ConnectionFault {
        ConnectionFault(
            .handshake, "answered the WebSocket handshake with an HTTP header that is too long; is this a WAMP router?")
    }

    /// The answer was not HTTP.
    private func notHTTP() -> ConnectionFault {
        ConnectionFault(
            .handshake,
            "answered the WebSocket handshake with something that is not HTTP; is this a WebSocket port? "
                + "(\(self.otherURLs))")
    }

    /// The URLs to write for other kinds of ports.
    private var otherURLs: String {
        self.isSecure
            ? "for a RawSocket port write rss://, for a port without TLS ws://"
            : "for a RawSocket port write rs://, for a port with TLS wss://"
    }

    private var offered: String {
        self.serializers.map(\.subprotocol).joined(separator: ", ")
    }

    private static func randomKey() -> String {
        let octets = (0..<16).map { _ in UInt8.random(in: UInt8.min...UInt8.max) }
        return String(decoding: Base64.encode(octets), as: UTF8.self)
    }

    private static func path(_ target: String) -> String {
        ConnectionFault.quoted(String(target.prefix(while: { $0 != "?" })))
    }
}
