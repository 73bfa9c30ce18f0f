import Glibc
package import NIOCore
import NIOPosix
import Names

/// The socket at which clients arrive: opened, opened again when it is lost, and tried again for as long as it can't
/// be. On the event loop.
package final class PortListener {
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

    private let place: PortPlace
    private let eventLoop: any EventLoop
    private let observer: (PortEvent) -> Void
    private let giveUpDescriptor: () -> Bool
    private let isFullUntil: () -> NIODeadline?
    private let accept: @Sendable (any Channel) -> EventLoopFuture<Void>
    private var gate: PortGate?
    /// Called when it begins to listen (true), and each time that it can't, or listens no more.
    package var changed: ((Bool) -> Void)?
    private var state = State.opening
    private var wait: Int64 = 1

    /// - Parameters:
    ///   - isFullUntil: until when nobody is accepted; nil: there is room.
    ///   - giveUpDescriptor: called when no descriptor is left for a client: whether there is one now.
    ///   - accept: fills the pipeline of a new connection.
    package init(
        _ place: PortPlace, eventLoop: any EventLoop, observer: @escaping (PortEvent) -> Void,
        isFullUntil: @escaping () -> NIODeadline?, giveUpDescriptor: @escaping () -> Bool = { false },
        accept: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) {
        self.place = place
        self.eventLoop = eventLoop
        self.observer = observer
        self.isFullUntil = isFullUntil
        self.giveUpDescriptor = giveUpDescriptor
        self.accept = accept
    }

    /// Where it listens, if it does.
    package var localAddress: SocketAddress? {
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
        switch (self.place, address) {
        case (.tcp(let host, 0), .some(let port)):
            self.observer(.listening(address: "\(ListenAddress.tcp(host: host, port: Int(port) ?? 0))"))
        default:
            self.observer(.listening(address: "\(self.place)"))
        }
        self.changed?(true)
        channel.closeFuture.assumeIsolated().whenComplete { _ in
            guard case .listening = self.state else { return }
            self.failed(Obstacle(reason: "the socket was closed"))
        }
    }

    private func failed(_ error: any Error) {
        let reason = (error as? Obstacle)?.reason ?? Self.reason(error)
        self.observer(.notListening(address: "\(self.place)", reason: reason, retryInSeconds: self.wait))
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
        let gate = PortGate(closedUntil: self.isFullUntil) { [observer, giveUpDescriptor] reason in
            if giveUpDescriptor() { return true }
            observer(.cannotAccept(reason: reason))
            return false
        }
        self.gate = gate
        let bound = NIOLoopBound(gate, eventLoop: self.eventLoop)
        let bootstrap = ServerBootstrap(group: self.eventLoop)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .serverChannelOption(.backlog, value: Self.backlog)
            // The kernel looks for a descriptor before it looks whether anybody waits: accepted is only who does.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readBuffer))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer(self.accept)
        switch self.place {
        case .file(let path, let access, _):
            return bootstrap.bind(unixDomainSocketPath: path).assumeIsolated().flatMapThrowing { channel in
                guard chmod(path, access.rawValue) == 0 else {
                    let reason = "the access to the socket's file can't be set (errno \(errno))"
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
        guard case .file(let path, _, _) = self.place else { return ready }
        guard path.utf8.count <= ListenAddress.longestPath else {
            return self.obstacle(
                "the path of the socket has \(path.utf8.count) octets, the most is \(ListenAddress.longestPath)")
        }
        if let fault = SocketFolder(holding: path).fault {
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
