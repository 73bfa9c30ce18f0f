/// Where a server of the sidecar listens: `127.0.0.1:7432`, `[::1]:7432`, or a Unix socket's folder and the port in its
/// name, `/run/wamp-sidecar:7432`.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A host's name or address, without brackets, and the port.
    case tcp(host: String, port: Int)

    /// The socket is the file `.s.PGSQL.<port>` in the folder, as PostgreSQL has it.
    case unix(folder: String, port: Int)

    /// The longest path of a socket, in octets.
    package static let longestPath = 107

    /// Reads an address; nil if the text is not one.
    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = Int(digits), (1...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.utf8.first == UInt8(ascii: "/") {
            guard host.utf8.count + "/.s.PGSQL.\(port)".utf8.count <= Self.longestPath else { return nil }
            self = .unix(folder: String(host), port: port)
            return
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, host.utf8.contains(UInt8(ascii: ":")) == isBracketed,
            host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !"[]/".utf8.contains($0) })
        else { return nil }
        self = .tcp(host: String(host), port: port)
    }

    /// The socket's file, named as libpq looks for it; nil for TCP.
    package var socketPath: String? {
        switch self {
        case .tcp: nil
        case .unix(let folder, let port): (folder.hasSuffix("/") ? folder : folder + "/") + ".s.PGSQL.\(port)"
        }
    }

    /// Whether only this machine can reach it.
    package var isLocal: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _):
            host == "localhost" || host == "::1" || Self.isLoopback(host)
        }
    }

    /// An address of 127.0.0.0/8, in full.
    private static func isLoopback(_ host: String) -> Bool {
        let octets = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return octets.count == 4 && octets[0] == 127 && !octets.contains(nil)
    }

    /// As the file writes it.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let folder, let port): "\(folder):\(port)"
        }
    }
}
