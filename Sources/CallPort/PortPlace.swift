package import Names

/// Where a socket is opened at which clients arrive.
package enum PortPlace: Sendable, CustomStringConvertible {
    /// Who may connect to a socket that is a file.
    package enum Access: UInt32, Sendable {
        /// Everybody; something else keeps strangers out.
        case everybody = 0o777
        /// The sidecar's user and its group.
        case group = 0o660
    }

    /// A host's name or address, without brackets, and the port.
    case tcp(host: String, port: Int)

    /// A file, and how the configuration names it.
    case file(path: String, access: Access, name: String)

    /// Where SQL calls out. Whoever runs the database may come; the password keeps the others out.
    package init(_ address: ListenAddress) {
        switch address {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .unix: self = .file(path: address.socketPath ?? "", access: .everybody, name: "\(address)")
        }
    }

    /// The admin port.
    package init(_ address: AdminAddress) {
        switch address {
        case .tcp(let host, let port): self = .tcp(host: host, port: port)
        case .file(let path): self = .file(path: path, access: .group, name: "\(address)")
        }
    }

    /// As the configuration has it.
    package var description: String {
        switch self {
        case .tcp(let host, let port): ListenAddress.tcp(host: host, port: port).description
        case .file(_, _, let name): name
        }
    }
}
