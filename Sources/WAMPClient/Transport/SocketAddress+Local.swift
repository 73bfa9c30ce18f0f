import NIOCore

extension SocketAddress {
    /// True if what is sent there stays on this machine: a Unix domain socket or a loopback address.
    var isLocal: Bool {
        switch self {
        case .unixDomainSocket: return true
        case .v4, .v6:
            guard let address = self.ipAddress else { return false }
            return address == "::1" || address.hasPrefix("127.") || address.hasPrefix("::ffff:127.")
        }
    }
}
