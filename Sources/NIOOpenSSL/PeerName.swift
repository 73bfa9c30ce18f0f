import NIOCore

/// The name that a server's certificate must have: a host name, or an address.
package enum PeerName: Sendable, Equatable, CustomStringConvertible {
    /// A host name, without a dot at its end.
    case host(String)
    /// An IPv4 or IPv6 address, without a zone.
    case address(String)

    /// Takes a host as a URL has it, IPv6 without brackets.
    package init(_ text: String) {
        let address = String(text.prefix(while: { $0 != "%" }))
        if (try? SocketAddress(ipAddress: address, port: 0)) != nil {
            self = .address(address)
        } else {
            self = .host(text.hasSuffix(".") ? String(text.dropLast()) : text)
        }
    }

    /// The name or the address.
    package var description: String {
        switch self {
        case .host(let name): name
        case .address(let address): address
        }
    }
}
