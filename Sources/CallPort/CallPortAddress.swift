/// Where the port listens.
package enum CallPortAddress: Sendable, Equatable, CustomStringConvertible {
    /// An address (or a name) and a port.
    case tcp(host: String, port: Int)
    /// A folder, and the port in the name of the socket's file there.
    case unix(folder: String, port: Int)

    /// The longest path that a socket's address has room for.
    static let longestPath = 107

    /// For people.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let folder, let port): "\(folder):\(port)"
        }
    }

    /// The socket's file, named as libpq looks for it; nil for TCP.
    var socketPath: String? {
        switch self {
        case .tcp: nil
        case .unix(let folder, let port): (folder.hasSuffix("/") ? folder : folder + "/") + ".s.PGSQL.\(port)"
        }
    }
}
