import Glibc

/// Sends datagrams to the service manager, and never waits for it. It keeps its descriptor: signs of life must be
/// possible when the process can't open another.
final class ServiceManagerSocket {
    private let descriptor: Int32
    private let address: sockaddr_un
    private let length: socklen_t

    /// - Parameter name: an absolute path, or `@` and a name in the abstract namespace.
    init(_ name: String) throws(ServiceManagerError) {
        guard name.hasPrefix("/") || name.hasPrefix("@"), name.utf8.count > 1 else {
            throw ServiceManagerError("NOTIFY_SOCKET is neither an absolute path nor a name behind @")
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        // A path ends with a zero; an abstract name begins with one, and is as long as the address says.
        var bytes = Array(name.utf8)
        if name.hasPrefix("@") { bytes[0] = 0 } else { bytes.append(0) }
        guard bytes.count <= room else {
            throw ServiceManagerError("NOTIFY_SOCKET is longer than the name of a socket may be")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        self.address = address
        self.length = socklen_t(MemoryLayout<sockaddr_un>.size - room + bytes.count)
        self.descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard self.descriptor >= 0 else { throw ServiceManagerError(errno: errno) }
    }

    deinit {
        close(self.descriptor)
    }

    /// Sends it as one datagram.
    func send(_ message: String) throws(ServiceManagerError) {
        let bytes = Array(message.utf8)
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        let sent = withUnsafePointer(to: self.address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(self.descriptor, bytes, bytes.count, flags, $0, self.length)
            }
        }
        guard sent >= 0 else { throw ServiceManagerError(errno: errno) }
    }
}

/// The service manager does not get a report.
struct ServiceManagerError: Error, Equatable {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    init(errno: Int32) { self.reason = String(cString: strerror(errno)) }
}
