/// Where a router listens, and which transport it expects: one entry of `router.url`.
///
/// `ws://host[:port]/path`, `rs://host:port`, `ws+unix:///socket:/path`, `rs+unix:///socket`, and with TLS
/// `wss://host[:port]/path`, `rss://host:port`. A value; safe to share.
package struct RouterURL: Sendable, Hashable, CustomStringConvertible {
    /// How WAMP messages are framed on the byte stream.
    package enum Transport: Sendable, Hashable {
        /// Length-prefixed frames after a handshake of four octets.
        case rawSocket
        /// WebSocket messages; `target` is the path, with its query, of the HTTP request that opens it.
        case webSocket(target: String)
    }

    /// Where the connection goes.
    package enum Endpoint: Sendable, Hashable {
        /// A name or an address (IPv6 without brackets) and a port.
        case tcp(host: String, port: Int)
        /// The file of a Unix domain socket.
        case unix(path: String)
    }

    /// How messages are framed.
    package let transport: Transport
    /// Where the connection goes.
    package let endpoint: Endpoint
    /// Whether the scheme asks for TLS (`wss`, `rss`).
    package let isSecure: Bool

    /// Whether the router is reached over TCP, and so can be behind a proxy.
    package var isTCP: Bool {
        switch self.endpoint {
        case .tcp: true
        case .unix: false
        }
    }

    /// Whether the transport is WebSocket, which begins with an HTTP request.
    package var isWebSocket: Bool {
        switch self.transport {
        case .webSocket: true
        case .rawSocket: false
        }
    }

    /// Whether messages to the router cross a network unencrypted, where others can read a ticket.
    ///
    /// - Parameter proxy: the proxy on the way, if there is one.
    package func isOpenToEavesdroppers(through proxy: HTTPProxy?) -> Bool {
        guard !self.isSecure else { return false }
        // Behind a proxy elsewhere even localhost is elsewhere.
        return !self.isLocal || (self.isTCP && proxy?.isLocal == false)
    }

    /// Whether all traffic stays on this machine: a loopback address, `localhost` or a Unix domain socket.
    package var isLocal: Bool {
        switch self.endpoint {
        case .unix:
            return true
        case .tcp(let host, _):
            return Self.isLocal(host)
        }
    }

    /// The URL in its normal form. The query is left out, because it often contains a token.
    package var description: String {
        let security = self.isSecure ? "s" : ""
        switch (self.transport, self.endpoint) {
        case (.rawSocket, .tcp(let host, let port)):
            return "rs\(security)://\(Self.bracketed(host)):\(port)"
        case (.rawSocket, .unix(let path)):
            return "rs\(security)+unix://\(path)"
        case (.webSocket(let target), .tcp(let host, let port)):
            return "ws\(security)://\(Self.bracketed(host)):\(port)\(Self.withoutQuery(target))"
        case (.webSocket(let target), .unix(let path)):
            return "ws\(security)+unix://\(path):\(Self.withoutQuery(target))"
        }
    }

    /// The value of the HTTP header `Host`: with the port, unless it is the scheme's default.
    package var hostHeader: String {
        switch self.endpoint {
        case .unix:
            return "localhost"
        case .tcp(let host, let port):
            let isDefault = port == (self.isSecure ? 443 : 80)
            return isDefault ? Self.bracketed(host) : "\(Self.bracketed(host)):\(port)"
        }
    }

    /// Reads a URL as it stands in a configuration file.
    ///
    /// - Throws: `RouterURLError`, whose text names the fault and the remedy in words for users.
    package init(_ text: String) throws(RouterURLError) {
        guard !text.isEmpty else {
            throw RouterURLError("is empty; write for example ws://127.0.0.1:8080/ws")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw RouterURLError(
                "has white space or a character that is not ASCII; leave it out (in a path write %XX)")
        }
        if Self.isList(text) {
            throw RouterURLError("is more than one URL; write several as a list: url: [ws://one/ws, ws://other/ws]")
        }
        guard let separator = text.firstRange(of: "://") else {
            throw RouterURLError("has no scheme; write for example ws://127.0.0.1:8080/ws or rs://127.0.0.1:8080")
        }
        let scheme = text[..<separator.lowerBound].lowercased()
        let rest = text[separator.upperBound...]
        guard !rest.contains("#") else {
            throw RouterURLError("has a fragment (#...), which a router never sees; leave it out")
        }
        switch scheme {
        case "ws", "wss":
            let cut = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) ?? rest.endIndex
            let secure = scheme == "wss"
            self.endpoint = try Self.tcp(rest[..<cut], defaultPort: secure ? 443 : 80, scheme: scheme)
            let target = rest[cut...]
            self.transport = .webSocket(target: target.hasPrefix("/") ? String(target) : "/\(target)")
            self.isSecure = secure
        case "rs", "rss":
            var authority = rest
            if authority.hasSuffix("/") {
                authority.removeLast()
            }
            guard !authority.hasPrefix("unix:") else {
                throw RouterURLError(
                    "names a Unix socket as another program does; write rs+unix:///path/of/the/socket")
            }
            guard !authority.contains(where: { $0 == "/" || $0 == "?" }) else {
                throw RouterURLError("has a path, which RawSocket does not have; write \(scheme)://host:port")
            }
            self.endpoint = try Self.tcp(authority, defaultPort: nil, scheme: scheme)
            self.transport = .rawSocket
            self.isSecure = scheme == "rss"
        case "rs+unix":
            self.endpoint = try Self.unix(rest)
            self.transport = .rawSocket
            self.isSecure = false
        case "ws+unix":
            // The last ":/" separates the socket from the path: a socket's own path may have colons.
            guard let cut = Self.lastColonSlash(in: rest) else {
                throw RouterURLError("has no WebSocket path; write ws+unix:///path/of/the/socket:/ws")
            }
            self.endpoint = try Self.unix(rest[..<cut])
            self.transport = .webSocket(target: String(rest[rest.index(after: cut)...]))
            self.isSecure = false
        case "tcp", "tcps":
            throw RouterURLError("has scheme \(scheme), which other programs use for RawSocket; write rs://host:port")
        case "unix":
            throw RouterURLError("has scheme unix; write rs+unix:///path/of/the/socket or ws+unix:///path:/ws")
        case "http", "https":
            throw RouterURLError("has scheme \(scheme); write \(scheme == "http" ? "ws" : "wss")://host:port/path")
        default:
            throw RouterURLError("has an unknown scheme; the known ones are ws, wss, rs, rss, ws+unix and rs+unix")
        }
    }

    /// Whether commas divide the text into several URLs. In a path or a query commas are allowed.
    private static func isList(_ text: String) -> Bool {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count > 1, let separator = text.firstRange(of: "://") else { return parts.count > 1 }
        let authority = text[separator.upperBound...].prefix { $0 != "/" && $0 != "?" }
        return authority.contains(",") || parts.dropFirst().contains { $0.contains("://") && !$0.contains("=") }
    }

    /// Whether a host is this machine.
    static func isLocal(_ host: String) -> Bool {
        let name = host.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || Self.isLoopback(name)
    }

    /// Reads `host:port`, where the host may be an IPv6 address in brackets.
    ///
    /// - Parameter defaultPort: nil if the URL must contain a port.
    static func tcp(
        _ authority: Substring, defaultPort: Int?, scheme: String
    ) throws(RouterURLError) -> Endpoint {
        guard !authority.contains("@") else {
            throw RouterURLError("has a user name or password; write the login into router.auth")
        }
        let host: Substring
        let portText: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else {
                throw RouterURLError("has a '[' without a ']' around an IPv6 address")
            }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else {
                throw RouterURLError("has something other than a port after ']'")
            }
            guard host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." || $0 == "%" }), host.contains(":") else {
                throw RouterURLError("has no IPv6 address between '[' and ']'")
            }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            portText = authority[authority.index(after: colon)...]
            guard portText?.contains(":") != true else {
                throw RouterURLError(
                    "has more than one ':' after the host; write an IPv6 address in brackets, as [::1]")
            }
        } else {
            host = authority
            portText = nil
        }
        guard !host.isEmpty else {
            throw RouterURLError("has no host; write for example \(scheme)://127.0.0.1:8080")
        }
        guard authority.hasPrefix("[") || host.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) }) else {
            throw RouterURLError("has a character in its host that is not allowed in host names")
        }
        guard let portText else {
            guard let defaultPort else {
                throw RouterURLError("has no port; write \(scheme)://host:port")
            }
            return .tcp(host: String(host), port: defaultPort)
        }
        guard portText.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = Int(portText),
            (1...65535).contains(port)
        else {
            throw RouterURLError("has a port that is not a number from 1 to 65535")
        }
        return .tcp(host: String(host), port: port)
    }

    private static func unix(_ path: Substring) throws(RouterURLError) -> Endpoint {
        guard path.hasPrefix("/"), path.utf8.count > 1 else {
            throw RouterURLError("has no absolute socket path; write it with three slashes: rs+unix:///path")
        }
        // sockaddr_un has room for 108 octets, one of them the terminator.
        guard path.utf8.count <= 107 else {
            throw RouterURLError("has a socket path of more than 107 octets, the most that the system allows")
        }
        return .unix(path: String(path))
    }

    private static func lastColonSlash(in text: Substring) -> Substring.Index? {
        var found: Substring.Index?
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].hasPrefix(":/") {
                found = index
            }
            if text[index] == "?" {
                break
            }
            index = text.index(after: index)
        }
        return found
    }

    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// A host as written in front of a port.
    package static func bracketed(_ host: String) -> String {
        host.contains(":") ? "[\(host)]" : host
    }

    private static func withoutQuery(_ target: String) -> Substring {
        target.prefix(while: { $0 != "?" })
    }
}

/// The fault of a router's or proxy's URL, in words for users; never contains the URL itself.
package struct RouterURLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Completes "the URL ...", for example "has no port; write rs://host:port".
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
