import NIOCore
import Names

/// The request to an HTTP proxy for a tunnel, and the meaning of its answer (RFC 9110 section 9.3.6).
///
/// Sans I/O: `ProxyHandler` sends `request` and passes on what arrives. The answer's head is bounded, and nothing may
/// follow it: a router sends nothing before the client does, so the octets would be forged.
struct ProxyHandshake {
    /// The result of the octets so far.
    enum Action: Equatable {
        /// More octets are needed.
        case wait
        /// The tunnel is open.
        case opened
        /// There is no tunnel.
        case failed(ConnectionFault)
    }

    private let proxy: HTTPProxy
    private let target: String
    private let agent: String
    private var reader = HTTPAnswerReader()

    /// - Parameters:
    ///   - host: the router's name or address, as the proxy gets it. The proxy looks the name up.
    ///   - port: the router's.
    ///   - agent: the value of `User-Agent`.
    init(proxy: HTTPProxy, host: String, port: Int, agent: String) {
        self.proxy = proxy
        self.target = "\(RouterURL.bracketed(host)):\(port)"
        self.agent = agent
    }

    /// The request.
    var request: String {
        var text = "CONNECT \(self.target) HTTP/1.1\r\nHost: \(self.target)\r\nUser-Agent: \(self.agent)\r\n"
        if let authorization = self.proxy.authorization {
            text += "Proxy-Authorization: \(authorization)\r\n"
        }
        return text + "\r\n"
    }

    /// Takes what it can use of what arrived.
    mutating func received(_ buffer: inout ByteBuffer) -> Action {
        switch self.reader.received(&buffer) {
        case .wait:
            return .wait
        case .notHTTP:
            return .failed(
                self.fault(
                    .handshake, "answered with something that is not HTTP; is this the port of an HTTP proxy?"))
        case .tooLong:
            return .failed(self.fault(.handshake, "answered with an HTTP header that is too long; is it a proxy?"))
        case .answer(let answer):
            guard (200..<300).contains(answer.status) else { return .failed(self.refusal(answer)) }
            return buffer.readableBytes == 0 ? .opened : .failed(self.tooMuch())
        }
    }

    /// The proxy closed the connection before the tunnel was open.
    func closed() -> ConnectionFault {
        if let answer = self.reader.begun, answer.status >= 300 {
            return self.refusal(answer)
        }
        return self.fault(
            .handshake,
            "closed the connection instead of making a tunnel to \(self.target); is it an HTTP proxy, and does it let "
                + "this machine in?")
    }

    /// The proxy sent nothing, or too little, for so long.
    func silent(within time: TimeAmount) -> ConnectionFault {
        self.fault(
            .silent,
            "made no tunnel to \(self.target) within \(time.wholeSeconds) s: it hangs, it does not reach the router, "
                + "or this is not an HTTP proxy's port")
    }

    private func refusal(_ answer: HTTPAnswer) -> ConnectionFault {
        let status = answer.status
        switch status {
        case 401, 407:
            // tinyproxy answers 401 to a wrong password.
            return self.loginWanted(answer)
        case 403:
            return self.fault(
                .handshake, "forbids a tunnel to \(self.target) (HTTP 403); allow CONNECT to that host and port there")
        case 405, 501:
            return self.fault(
                .handshake, "does not know CONNECT (HTTP \(status)): it is not a proxy, or not one for tunnels")
        case 300..<400:
            return self.fault(
                .handshake,
                "redirects instead of making a tunnel (HTTP \(status)): it is a web server, or wants a "
                    + "login")
        case 500..<600:
            return self.fault(
                .handshake,
                "cannot reach \(self.target), or is in trouble itself (HTTP \(status)); is the address right as the "
                    + "proxy sees it, is the router running?")
        default:
            return self.fault(
                .handshake, "refuses a tunnel to \(self.target) (HTTP \(status)); is it an HTTP proxy?")
        }
    }

    private func loginWanted(_ answer: HTTPAnswer) -> ConnectionFault {
        let status = answer.status
        let schemes = answer.values("proxy-authenticate").compactMap { $0.split(separator: " ").first?.lowercased() }
        guard schemes.isEmpty || schemes.contains("basic") else {
            return self.fault(
                .credentials,
                "wants a login by \(ConnectionFault.quoted(schemes.joined(separator: ", "))) (HTTP \(status)); of "
                    + "these none is supported, only basic is")
        }
        guard self.proxy.authorization != nil else {
            return self.fault(
                .credentials,
                "wants a user name and a password (HTTP \(status)); "
                    + "write http://user:password@host:port in router.proxy"
            )
        }
        return self.fault(.credentials, "refuses the user name or the password of router.proxy (HTTP \(status))")
    }

    private func tooMuch() -> ConnectionFault {
        self.fault(
            .handshake,
            "sent more than the answer to CONNECT, before anything was sent to the router; the connection is not safe")
    }

    private func fault(_ code: ConnectionFault.Code, _ what: String) -> ConnectionFault {
        ConnectionFault(code, "the proxy \(self.proxy) \(what)")
    }
}
