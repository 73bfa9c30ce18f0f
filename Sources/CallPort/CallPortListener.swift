import Glibc
package import NIOCore
import NIOPosix
package import Names

/// The socket at which clients arrive: opened, opened again when it is lost, and tried again for as long as it can't
/// be. On the event loop.
package final class CallPortListener {
    private enum State {
        case opening
        case listening(any Channel)
        case waiting(Scheduled<Void>)
        case stopped
    }

    /// What stands in the way, in a user's words.
    private struct Obstacle: Error {
        let reason: String
    }

    private static let backlog: Int32 = 512
    private static let greatestWait: Int64 = 32
    /// How long another process may take to accept when it is tried whether it lives.
    private static let probeTimeout = TimeAmount.seconds(2)
    /// What is read at once of one connection.
    private static let readBuffer = 8192
    /// Unacknowledged output after which the kernel takes a client's machine for dead, in milliseconds.
    private static let userTimeout: SocketOptionValue = 10_000

    private let address: ListenAddress
    private let eventLoop: any EventLoop
    private let observer: (CallPortEvent) -> Void
    private let isFullUntil: () -> NIODeadline?
    private let accept: @Sendable (any Channel) -> EventLoopFuture<Void>
    private var gate: CallPortGate?
    /// Called when it begins to listen (true), and each time that it can't, or listens no more.
    var changed: ((Bool) -> Void)?
    private var state = State.opening
    private var wait: Int64 = 1

    /// - Parameters:
    ///   - isFullUntil: until when nobody is accepted; nil: there is room.
    ///   - accept: fills the pipeline of a new connection.
    package init(
        address: ListenAddress, eventLoop: any EventLoop, observer: @escaping (CallPortEvent) -> Void,
        isFullUntil: @escaping () -> NIODeadline?,
        accept: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) {
        self.address = address
        self.eventLoop = eventLoop
        self.observer = observer
        self.isFullUntil = isFullUntil
        self.accept = accept
    }

    /// Where it listens, if it does.
    var localAddress: SocketAddress? {
        switch self.state {
        case .listening(let channel): channel.localAddress
        case .opening, .waiting, .stopped: nil
        }
    }

    /// Opens the socket. Once.
    package func start() {
        self.open()
    }

    /// Accepts nobody any more; SwiftNIO removes the socket's file too.
    package func stop() {
        // First: that the socket is closed is no news then.
        let state = self.state
        self.state = .stopped
        switch state {
        case .listening(let channel):
            channel.close(promise: nil)
            self.changed?(false)
        case .waiting(let timer): timer.cancel()
        case .opening, .stopped: break
        }
    }

    /// A place has become free.
    func roomMayBe() {
        self.gate?.roomMayBe()
    }

    private func open() {
        self.state = .opening
        self.makeReady().flatMap { _ in self.bind() }.whenComplete { result in
            switch (result, self.state) {
            case (.success(let channel), .opening): self.opened(channel)
            case (.success(let channel), _): channel.close(promise: nil)
            case (.failure(let error), .opening): self.failed(error)
            case (.failure, _): break
            }
        }
    }

    private func opened(_ channel: any Channel) {
        self.state = .listening(channel)
        self.wait = 1
        let address = channel.localAddress?.port.map { "\($0)" }
        switch (self.address, address) {
        case (.tcp(let host, 0), .some(let port)):
            self.observer(.listening(address: "\(ListenAddress.tcp(host: host, port: Int(port) ?? 0))"))
        default:
            self.observer(.listening(address: "\(self.address)"))
        }
        self.changed?(true)
        channel.closeFuture.assumeIsolated().whenComplete { _ in
            guard case .listening = self.state else { return }
            self.failed(Obstacle(reason: "the socket was closed"))
        }
    }

    private func failed(_ error: any Error) {
        let reason = (error as? Obstacle)?.reason ?? Self.reason(error)
        self.observer(.notListening(address: "\(self.address)", reason: reason, retryInSeconds: self.wait))
        self.state = .waiting(
            self.eventLoop.assumeIsolated().scheduleTask(in: .seconds(self.wait)) { self.open() })
        self.wait = min(self.wait * 2, Self.greatestWait)
        self.changed?(false)
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return switch error.errnoCode {
        case EADDRINUSE: "another process listens there"
        case EADDRNOTAVAIL: "no interface of this machine has this address"
        case EACCES, EPERM: "it is not allowed"
        case ENOENT, ENOTDIR: "there is no such folder"
        default: "\(error)"
        }
    }

    // MARK: - The socket

    private func bind() -> EventLoopFuture<any Channel> {
        let gate = CallPortGate(closedUntil: self.isFullUntil) { [observer] reason in
            observer(.cannotAccept(reason: reason))
        }
        self.gate = gate
        let bound = NIOLoopBound(gate, eventLoop: self.eventLoop)
        let bootstrap = ServerBootstrap(group: self.eventLoop)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .serverChannelOption(.backlog, value: Self.backlog)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readBuffer))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer(self.accept)
        switch self.address {
        case .unix:
            let path = self.address.socketPath ?? ""
            return bootstrap.bind(unixDomainSocketPath: path).assumeIsolated().flatMapThrowing { channel in
                // Whoever runs the database may come; the password keeps the others out.
                guard chmod(path, 0o777) == 0 else {
                    let reason = "the socket's file can't be made writable for others (errno \(errno))"
                    channel.close(promise: nil)
                    throw Obstacle(reason: reason)
                }
                return channel
            }.nonisolated()
        case .tcp(let host, let port):
            let tcp =
                bootstrap
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 5)
                .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 2)
                .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
                .childChannelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: Self.userTimeout)
            return self.resolve(host, port).flatMap { tcp.bind(to: $0) }.nonisolated()
        }
    }

    private func resolve(_ host: String, _ port: Int) -> EventLoopFuture<SocketAddress>.Isolated {
        if let address = try? SocketAddress(ipAddress: host, port: port) {
            return self.eventLoop.makeSucceededFuture(address).assumeIsolated()
        }
        // A name: its resolver may block.
        return NIOThreadPool.singleton.runIfActive(eventLoop: self.eventLoop) {
            try SocketAddress.makeAddressResolvingHost(host, port: port)
        }.assumeIsolated()
    }

    /// Makes room for a Unix socket: a file that a dead process has left goes, a living one's stays.
    private func makeReady() -> EventLoopFuture<Void>.Isolated {
        let ready = self.eventLoop.makeSucceededVoidFuture().assumeIsolated()
        guard let path = self.address.socketPath else { return ready }
        guard path.utf8.count <= ListenAddress.longestPath else {
            return self.obstacle(
                "the path of the socket has \(path.utf8.count) octets, the most is \(ListenAddress.longestPath)")
        }
        if case .unix(let folder, _) = self.address, let fault = SocketFolder(path: folder).fault {
            return self.obstacle(fault)
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { return ready }
        guard status.st_mode & S_IFMT == S_IFSOCK else { return self.obstacle("\(path) is there and is no socket") }
        return ClientBootstrap(group: self.eventLoop).connectTimeout(Self.probeTimeout)
            .connect(unixDomainSocketPath: path)
            .assumeIsolated()
            .map { $0.close(promise: nil) }
            .flatMapThrowing { throw Obstacle(reason: "another process listens there") }
            .flatMapErrorThrowing { error in
                guard let error = error as? IOError else { throw error }
                switch error.errnoCode {
                case ENOENT: return
                case ECONNREFUSED:
                    guard unlink(path) == 0 || errno == ENOENT else {
                        throw Obstacle(
                            reason: "the socket that a dead process has left can't be removed (errno \(errno))")
                    }
                case EAGAIN: throw Obstacle(reason: "another process listens there")
                default: throw error
                }
            }
    }

    private func obstacle(_ reason: String) -> EventLoopFuture<Void>.Isolated {
        self.eventLoop.makeFailedFuture(Obstacle(reason: reason)).assumeIsolated()
    }
}
