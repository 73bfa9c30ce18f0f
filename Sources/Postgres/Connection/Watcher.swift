internal import CEpoll
import Glibc
package import NIOCore

/// Tells an event loop which of libpq's sockets are ready.
///
/// SwiftNIO has no public call to watch a foreign file descriptor, so one thread waits in `epoll_wait` and only hands
/// ready descriptors to the loop. A descriptor is reported once and then stays silent until it is armed again
/// (`EPOLLONESHOT`), so a handler that reads everything and arms it again is never called twice for the same bytes.
///
/// All methods are called on the event loop; handlers are called there.
package final class Watcher {
    /// Identifies one watched descriptor; never used twice, so that a late report about a closed descriptor is
    /// recognized.
    typealias Token = UInt64

    private let eventLoop: any EventLoop
    private let epoll: Int32
    private var handlers: [Token: any WatcherHandler] = [:]
    private var lastToken: Token = 0

    /// Starts the thread. It lives as long as the process, which has only one watcher.
    ///
    /// - Throws: ``WatcherError`` if the kernel refuses an epoll instance or a thread.
    package init(eventLoop: any EventLoop) throws(WatcherError) {
        self.eventLoop = eventLoop
        self.epoll = wamp_sidecar_epoll_create()
        guard self.epoll >= 0 else { throw WatcherError(operation: "epoll_create", errno: -self.epoll) }
        let watching = WatcherThread(
            epoll: self.epoll, watcher: NIOLoopBound(self, eventLoop: eventLoop), eventLoop: eventLoop)
        try watching.start()
    }

    /// Watches a descriptor until ``remove(_:token:)``; the first report comes as soon as it is readable (or writable,
    /// if asked).
    func add(_ descriptor: Int32, writable: Bool, handler: any WatcherHandler) throws(WatcherError) -> Token {
        self.eventLoop.assertInEventLoop()
        self.lastToken += 1
        let token = self.lastToken
        let failure = wamp_sidecar_epoll_add(self.epoll, descriptor, writable ? 1 : 0, token)
        guard failure == 0 else { throw WatcherError(operation: "epoll_ctl", errno: failure) }
        self.handlers[token] = handler
        return token
    }

    /// Requests one more report.
    func rearm(_ descriptor: Int32, writable: Bool, token: Token) throws(WatcherError) {
        let failure = wamp_sidecar_epoll_rearm(self.epoll, descriptor, writable ? 1 : 0, token)
        guard failure == 0 else { throw WatcherError(operation: "epoll_ctl", errno: failure) }
    }

    /// Ends the watch. Called before the descriptor is closed.
    func remove(_ descriptor: Int32, token: Token) {
        self.eventLoop.assertInEventLoop()
        self.handlers[token] = nil
        _ = wamp_sidecar_epoll_remove(self.epoll, descriptor)
    }

    fileprivate func report(_ tokens: some Sequence<Token>) {
        for token in tokens {
            self.handlers[token]?.descriptorIsReady()
        }
    }
}

/// Receives a watcher's reports, on the event loop.
protocol WatcherHandler: AnyObject {
    /// The descriptor is readable, writable if requested, or broken. It is reported again only after it has been armed
    /// again.
    func descriptorIsReady()
}

/// The kernel refused to watch a descriptor.
package struct WatcherError: Error, Sendable, CustomStringConvertible {
    let operation: String
    let errno: Int32

    package var description: String {
        "the kernel refused \(self.operation): \(SystemError.text(self.errno))"
    }
}

/// The thread that waits in `epoll_wait`.
private struct WatcherThread: Sendable {
    private static let batch = 64

    let epoll: Int32
    let watcher: NIOLoopBound<Watcher>
    let eventLoop: any EventLoop

    func start() throws(WatcherError) {
        let context = unsafe Unmanaged.passRetained(Box(self)).toOpaque()
        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let box = unsafe Unmanaged<Box>.fromOpaque(context).takeRetainedValue()
                box.thread.run()
                return nil
            }, context)
        guard failure == 0 else {
            unsafe Unmanaged<Box>.fromOpaque(context).release()
            throw WatcherError(operation: "pthread_create", errno: failure)
        }
        pthread_detach(thread)
    }

    private func run() {
        unsafe wamp_sidecar_name_thread("watcher")
        unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.batch) { tokens in
            while true {
                let count = unsafe wamp_sidecar_epoll_wait(self.epoll, tokens.baseAddress, Int32(Self.batch))
                guard count >= 0 else { return }
                if count == 1 {
                    let token = unsafe tokens[0]
                    self.eventLoop.execute { self.watcher.value.report(CollectionOfOne(token)) }
                } else if count > 1 {
                    let ready = unsafe Array(tokens[0..<Int(count)])
                    self.eventLoop.execute { self.watcher.value.report(ready) }
                }
            }
        }
    }

    private final class Box: Sendable {
        let thread: WatcherThread

        init(_ thread: WatcherThread) {
            self.thread = thread
        }
    }
}
