import Glibc

/// A TCP socket on the loopback interface that waits for the one peer to be measured.
struct Listener: ~Copyable {
    private let descriptor: Int32

    /// The port it listens on: the given one, or the free one that the system chose.
    let port: UInt16

    /// - Parameter port: 0 for any free port.
    init(port: UInt16) throws(LoadError) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket") }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(descriptor, address, size) == 0, listen(descriptor, 1) == 0 else { return Int32(-1) }
                return getsockname(descriptor, address, &size)
            }
        }
        guard status == 0 else {
            let error = LoadError.system("listening on 127.0.0.1:\(port)")
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(descriptor)
    }

    /// The next connection; nil if none arrived within `milliseconds`.
    func connection(within milliseconds: Int32) throws(LoadError) -> Connection? {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) > 0 else { return nil }
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw .system("accept") }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return try Connection(descriptor: accepted)
    }
}
