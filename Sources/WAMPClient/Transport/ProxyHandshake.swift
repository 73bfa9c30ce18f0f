import NIOCore

/// What is said to an HTTP proxy to have a tunnel, and what its answer means (RFC 9110 section 9.3.6).
///
/// Sans I/O: `ProxyHandler` sends `request` and feeds what comes. The answer's head is bounded, and nothing may follow
/// it: a router says nothing before it is spoken to, so that would be words that somebody puts into its mouth.
struct ProxyHandshake {
    /// What came of the octets so far.
    enum Action: Equatable {
        /// More octets are needed.
        case wait
        /// The tunnel stands.
        case opened
        /// There is none.
        case failed(ConnectionFault)
    }

    private enum State {
        case statusLine
        case fields(status: Int)
    }

    /// The longest head of an answer that is read, in octets.
    static let greatestHead = 16 * 1024

    private let proxy: HTTPProxy
    private let target: String
    private let agent: String
    private var state: State = .statusLine
    /// Octets of the head that were taken so far.
    private var taken = 0
    /// Octets at the buffer's beginning that are known to hold no line's end.
    private var scanned = 0
    /// The ways to log in that a 407 offers, in lower case.
    private var schemes: [String] = []

    /// - Parameters:
    ///   - host: the router's name or address, as it is told to the proxy, which looks the name up.
    ///   - port: the router's.
    ///   - agent: the value of `User-Agent`.
    init(proxy: HTTPProxy, host: String, port: Int, agent: String) {
        self.proxy = proxy
        self.target = "\(RouterURL.bracketed(host)):\(port)"
        self.agent = agent
    }

    /// What is sent first.
    var request: String {
        var text = "CONNECT \(self.target) HTTP/1.1\r\nHost: \(self.target)\r\nUser-Agent: \(self.agent)\r\n"
        if let authorization = self.proxy.authorization {
            text += "Proxy-Authorization: \(authorization)\r\n"
        }
        return text + "\r\n"
    }

    /// Takes what it can of what came.
    mutating func received(_ buffer: inout ByteBuffer) -> Action {
        if case .statusLine = self.state, self.taken == 0,
            !buffer.readableBytesView.starts(with: "HTTP/1.".utf8.prefix(buffer.readableBytes))
        {
            return .failed(self.notHTTP())
        }
        while let line = self.nextLine(&buffer) {
            switch self.state {
            case .statusLine:
                guard let status = Self.status(line) else {
                    return .failed(self.notHTTP())
                }
                self.state = .fields(status: status)
            case .fields(let status):
                guard line.isEmpty else {
                    self.note(line)
                    continue
                }
                switch status {
                case 100..<200:
                    // Before the answer proper.
                    self.state = .statusLine
                case 200..<300:
                    return buffer.readableBytes == 0 ? .opened : .failed(self.tooMuch())
                default:
                    return .failed(self.refusal(status))
                }
            }
        }
        guard self.taken + buffer.readableBytes <= Self.greatestHead else {
            return .failed(self.fault(.handshake, "answered with an HTTP header that is too long; is it a proxy?"))
        }
        return .wait
    }

    /// The proxy closed the connection before there was a tunnel.
    func closed() -> ConnectionFault {
        if case .fields(let status) = self.state, status >= 300 {
            return self.refusal(status)
        }
        return self.fault(
            .handshake,
            "closed the connection instead of making a tunnel to \(self.target); is it an HTTP proxy, and does it let "
                + "this machine in?")
    }

    /// The proxy said nothing, or too little, for as long.
    func silent(within time: TimeAmount) -> ConnectionFault {
        self.fault(
            .silent,
            "made no tunnel to \(self.target) within \(time.wholeSeconds) s: it hangs, it does not reach the router, or "
                + "this is not an HTTP proxy's port")
    }

    /// A line without its end, once it is whole and within the bound.
    private mutating func nextLine(_ buffer: inout ByteBuffer) -> String? {
        let view = buffer.readableBytesView.dropFirst(self.scanned)
        guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else {
            self.scanned = buffer.readableBytes
            return nil
        }
        let length = end - buffer.readableBytesView.startIndex
        self.scanned = 0
        guard self.taken + length < Self.greatestHead, var line = buffer.readBytes(length: length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 1)
        self.taken += length + 1
        if line.last == UInt8(ascii: "\r") {
            line.removeLast()
        }
        return String(decoding: line, as: UTF8.self)
    }

    private static func status(_ line: String) -> Int? {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), parts[1].utf8.count == 3 else { return nil }
        return Int(parts[1]).flatMap { (100...599).contains($0) ? $0 : nil }
    }

    private mutating func note(_ line: String) {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "proxy-authenticate" else { return }
        if let scheme = parts[1].split(separator: " ").first {
            self.schemes.append(scheme.lowercased())
        }
    }

    private func refusal(_ status: Int) -> ConnectionFault {
        switch status {
        case 401, 407:
            // tinyproxy says 401 where the password is wrong.
            return self.loginWanted(status)
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
                "cannot reach \(self.target), or is in trouble itself (HTTP \(status)); is the address right as the proxy "
                    + "sees it, is the router running?")
        default:
            return self.fault(
                .handshake, "refuses a tunnel to \(self.target) (HTTP \(status)); is it an HTTP proxy?")
        }
    }

    private func loginWanted(_ status: Int) -> ConnectionFault {
        guard self.schemes.isEmpty || self.schemes.contains("basic") else {
            return self.fault(
                .credentials,
                "wants a login by \(ConnectionFault.quoted(self.schemes.joined(separator: ", "))) (HTTP \(status)); of "
                    + "these none is supported, only basic is")
        }
        guard self.proxy.authorization != nil else {
            return self.fault(
                .credentials,
                "wants a user name and a password (HTTP \(status)); write http://user:password@host:port in router.proxy"
            )
        }
        return self.fault(.credentials, "refuses the user name or the password of router.proxy (HTTP \(status))")
    }

    private func tooMuch() -> ConnectionFault {
        self.fault(
            .handshake,
            "sent more than the answer to CONNECT, before the router was spoken to; the connection is not safe")
    }

    private func notHTTP() -> ConnectionFault {
        self.fault(.handshake, "answered with something that is not HTTP; is this the port of an HTTP proxy?")
    }

    private func fault(_ code: ConnectionFault.Code, _ what: String) -> ConnectionFault {
        ConnectionFault(code, "the proxy \(self.proxy) \(what)")
    }
}
