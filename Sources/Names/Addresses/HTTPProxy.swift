/// An HTTP proxy that makes tunnels to routers (CONNECT, RFC 9110 section 9.3.6): `router.proxy`.
///
/// Its description shows no user name and no password. A value; safe to share.
package struct HTTPProxy: Sendable, Hashable {
    /// A name or an address (IPv6 without brackets).
    package let host: String
    /// The port that the proxy listens on.
    package let port: Int
    /// The octets of user name, colon and password, if a user name was given.
    package let credentials: [UInt8]?

    /// Whether the proxy is on this machine, so that nobody on a network can read the traffic to it.
    package var isLocal: Bool { RouterURL.isLocal(self.host) }

    /// Reads `http://host:port` or `http://user:password@host:port`.
    ///
    /// User name and password may be percent-encoded, and have to be if they contain a `%`. The last `@` ends them: a
    /// proxy's URL has no path that could contain one.
    ///
    /// - Throws: the fault, in words for users; never the URL.
    package init(_ text: String) throws(RouterURLError) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw RouterURLError("has white space or a character that is not ASCII; write it as %XX")
        }
        guard let separator = text.firstRange(of: "://") else {
            throw RouterURLError("has no scheme; write http://host:port")
        }
        switch text[..<separator.lowerBound].lowercased() {
        case "http":
            break
        case "https":
            throw RouterURLError(
                "has scheme https, TLS to the proxy itself, which is not supported; write http://host:port")
        default:
            throw RouterURLError("is not the URL of an HTTP proxy; write http://host:port")
        }
        let rest = text[separator.upperBound...]
        var authority = rest
        if let at = rest.lastIndex(of: "@") {
            authority = rest[rest.index(after: at)...]
            self.credentials = try Self.credentials(rest[..<at])
        } else {
            self.credentials = nil
        }
        if authority.hasSuffix("/") {
            authority.removeLast()
        }
        guard !authority.contains(where: { "/?#".contains($0) }) else {
            throw RouterURLError("has a path, which a proxy does not; write http://host:port")
        }
        guard case .tcp(let host, let port) = try RouterURL.tcp(authority, defaultPort: nil, scheme: "http") else {
            throw RouterURLError("has no host and port; write http://host:port")
        }
        self.host = host
        self.port = port
    }

    private static func credentials(_ userInfo: Substring) throws(RouterURLError) -> [UInt8] {
        let parts = userInfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = self.decoded(parts.first ?? ""), let password = self.decoded(parts.dropFirst().first ?? "")
        else {
            throw RouterURLError("has a '%' without two hexadecimal digits in its user name or password; write %25")
        }
        guard !user.isEmpty, !user.contains(UInt8(ascii: ":")) else {
            throw RouterURLError("has a user name that is empty or has a colon, which HTTP does not allow")
        }
        guard (user + password).allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw RouterURLError("has a control character in its user name or password")
        }
        return user + [UInt8(ascii: ":")] + password
    }

    private static func decoded(_ text: Substring) -> [UInt8]? {
        var result: [UInt8] = []
        var octets = text.utf8.makeIterator()
        while let octet = octets.next() {
            guard octet == UInt8(ascii: "%") else {
                result.append(octet)
                continue
            }
            guard let high = octets.next().flatMap(self.digit), let low = octets.next().flatMap(self.digit) else {
                return nil
            }
            result.append(high << 4 | low)
        }
        return result
    }

    private static func digit(_ octet: UInt8) -> UInt8? {
        Character(Unicode.Scalar(octet)).hexDigitValue.map { UInt8(truncatingIfNeeded: $0) }
    }
}

extension HTTPProxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `http://host:port`.
    package var description: String { "http://\(RouterURL.bracketed(self.host)):\(self.port)" }

    /// As ``description``.
    package var debugDescription: String { self.description }

    /// A mirror that shows no password, so that `dump` doesn't either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
