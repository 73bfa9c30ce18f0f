import NIOCore
import NIOHTTP1
import NIOWebSocket
package import WAMP

/// What is asked of an HTTP server to make a WebSocket of the connection, and what its answer means
/// (RFC 6455 section 4; wamp-protocol section 9). Pure.
package struct WebSocketUpgrade {
    /// The path, with its query.
    private let target: String
    /// The value of `Host`.
    private let host: String
    /// The value of `User-Agent`.
    private let agent: String
    /// What is offered, in order of preference; nothing is offered, and nothing may be chosen, if it is empty.
    private let serializers: [SerializerID]
    /// What the user adds.
    private let headers: HandshakeHeaders
    /// Random, base64 of 16 octets; what the router makes of it shows that it knows WebSocket.
    let key: String

    /// - Parameters:
    ///   - target: the path, with its query.
    ///   - host: the value of `Host`.
    ///   - agent: the value of `User-Agent`.
    ///   - serializers: what is offered, in order of preference. With none no subprotocol is agreed: not WAMP.
    ///   - headers: what the user adds, or sets in place of `Host` and `User-Agent`.
    ///   - key: base64 of 16 octets; random, except in tests.
    package init(
        target: String, host: String, agent: String, serializers: [SerializerID],
        headers: HandshakeHeaders = HandshakeHeaders(), key: String = NIOWebSocketClientUpgrader.randomRequestKey()
    ) {
        self.target = target
        self.host = host
        self.agent = agent
        self.serializers = serializers
        self.headers = headers
        self.key = key
    }

    /// The request, without what NIO's upgrade handler adds: connection, upgrade, key and version.
    var request: HTTPRequestHead {
        var headers: HTTPHeaders = ["Host": self.host, "User-Agent": self.agent]
        if !self.serializers.isEmpty {
            headers.add(name: "Sec-WebSocket-Protocol", value: self.offered)
        }
        for (name, value) in self.headers.revealed {
            headers.replaceOrAdd(name: name, value: value)
        }
        return HTTPRequestHead(version: .http1_1, method: .GET, uri: self.target, headers: headers)
    }

    /// The serializer that a 101 answer has chosen; nil if none was offered.
    ///
    /// - Throws: `ConnectionFault` with code `handshake`.
    func serializer(chosenBy response: HTTPResponseHead) throws(ConnectionFault) -> SerializerID? {
        guard response.headers["Sec-WebSocket-Extensions"].isEmpty else {
            throw ConnectionFault(.handshake, "turned on a WebSocket extension that was not offered")
        }
        let chosen = response.headers[canonicalForm: "Sec-WebSocket-Protocol"].map(String.init)
        guard let first = chosen.first else {
            if self.serializers.isEmpty { return nil }
            throw ConnectionFault(
                .handshake,
                "opened a WebSocket without a WAMP subprotocol; does \(Self.path(self.target)) belong to a WAMP router?"
            )
        }
        guard chosen.count == 1, let serializer = self.serializers.first(where: { $0.subprotocol == first }) else {
            throw ConnectionFault(
                .handshake,
                "chose a WebSocket subprotocol that was not offered (\(ConnectionFault.quoted(first)))")
        }
        return serializer
    }

    /// Why an answer other than 101 is none, and what to do.
    func refusal(_ response: HTTPResponseHead) -> ConnectionFault {
        let path = Self.path(self.target)
        let status =
            "answered with HTTP \(response.status.code) \(ConnectionFault.quoted(response.status.reasonPhrase))"
        let advice: String
        switch response.status.code {
        case 200..<300:
            advice = "\(path) is a web page or something else, not a WebSocket; write the router's WebSocket path"
        case 300..<400:
            let location = response.headers.first(name: "Location")
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
            advice = "it, or a proxy before it, forbids \(path)"
        case 404, 405, 410:
            advice = "there is no WebSocket at \(path); write the router's WebSocket path (often /ws)"
        case 500..<600:
            advice = "the router, or a proxy before it, is in trouble or still starting"
        default:
            advice = "\(path) is not a WebSocket"
        }
        return ConnectionFault(.handshake, "\(status): \(advice)")
    }

    /// Why a 101 answer is none, other than by its subprotocol.
    func invalidAnswer() -> ConnectionFault {
        ConnectionFault(
            .handshake, "answered the WebSocket handshake wrongly (Upgrade or Sec-WebSocket-Accept is missing or wrong)"
        )
    }

    /// The connection was closed before there was an answer.
    func closed() -> ConnectionFault {
        ConnectionFault(
            .handshake,
            "closed the connection instead of answering the WebSocket handshake: it is not a WebSocket port "
                + "(for a RawSocket port write rs://, for a port with TLS wss://), or the router is still starting")
    }

    /// The answer's head is larger than any server's.
    func endless() -> ConnectionFault {
        ConnectionFault(
            .handshake, "answered the WebSocket handshake with an HTTP header that is too long; is this a WAMP router?")
    }

    /// The answer was not HTTP.
    func notHTTP() -> ConnectionFault {
        ConnectionFault(
            .handshake,
            "answered the WebSocket handshake with something that is not HTTP; is this a WebSocket port? "
                + "(for a RawSocket port write rs://, for a port with TLS wss://)")
    }

    private var offered: String {
        self.serializers.map(\.subprotocol).joined(separator: ", ")
    }

    private static func path(_ target: String) -> String {
        ConnectionFault.quoted(String(target.prefix(while: { $0 != "?" })))
    }
}
