/// Where the admin port listens: `127.0.0.1:9632`, `[::1]:9632`, or a Unix socket's file,
/// `unix:/run/wamp-sidecar/admin.sock`.
package enum AdminAddress: Sendable, Hashable, CustomStringConvertible {
    /// A host's name or address, without brackets, and the port.
    case tcp(host: String, port: Int)

    /// The socket is this file.
    case file(path: String)

    private static let scheme = "unix:"

    /// Reads an address, nil if the text is none.
    package init?(_ text: String) {
        guard text.utf8.starts(with: Self.scheme.utf8) else {
            guard case .tcp(let host, let port)? = ListenAddress(text) else { return nil }
            self = .tcp(host: host, port: port)
            return
        }
        let path = String(text.dropFirst(Self.scheme.count))
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.last != UInt8(ascii: "/"), !path.utf8.contains(0),
            path.utf8.count <= ListenAddress.longestPath
        else { return nil }
        self = .file(path: path)
    }

    /// Whether nobody but this machine can reach it.
    package var isLocal: Bool {
        switch self {
        case .tcp(let host, let port): ListenAddress.tcp(host: host, port: port).isLocal
        case .file: true
        }
    }

    /// As the file has it.
    package var description: String {
        switch self {
        case .tcp(let host, let port): ListenAddress.tcp(host: host, port: port).description
        case .file(let path): Self.scheme + path
        }
    }
}
