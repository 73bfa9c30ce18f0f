internal import CLibpq
import Glibc
package import NIOCore
internal import NIOPosix

/// Makes and ends connections on its own threads, because both block: libpq resolves names synchronously, and
/// `PQfinish` writes.
///
/// A thread whose resolver never answers is lost until it does; nothing else waits for it. There is a thread for each
/// connection of the sidecar, and none makes a second attempt while its first hangs, so that the others never lack a
/// thread.
package struct Connector: Sendable {
    /// Preparation of a new session before the event loop has it, on a thread where it may block. The session's
    /// settings are made again after it.
    typealias Preparation = @Sendable (ConnectionHandle) throws -> Void

    /// Ends the threads with the last copy of the connector, so a pool must be stopped before it is released.
    private final class Threads: Sendable {
        let pool: NIOThreadPool

        init(count: Int) {
            self.pool = NIOThreadPool(numberOfThreads: count)
            self.pool.start()
        }

        deinit {
            self.pool.shutdownGracefully { _ in }
        }
    }

    private let threads: Threads

    /// - Parameter connections: the most connections that are requested at a time.
    package init(connections: Int) {
        self.threads = Threads(count: connections)
    }

    /// Connects, checks that the sidecar can work with the server, and sets up the session.
    ///
    /// - Parameter known: the server of earlier connections. A former primary among the hosts in `settings` is passed
    ///   over.
    /// - Parameter preparation: runs when the server is known to be the right one.
    /// - Returns: a future on `eventLoop`, of a connection that is non-blocking and in pipeline mode; fails with
    ///   ``ConnectFailure``.
    func connect(
        _ settings: ConnectionSettings, part: ConnectionSettings.Part, statementTimeout: TimeAmount,
        after known: KnownServer?, preparation: Preparation? = nil, eventLoop: any EventLoop
    ) -> EventLoopFuture<ConnectionHandle> {
        self.threads.pool.runIfActive(eventLoop: eventLoop) {
            let setup = SessionSetup(part: part, statementTimeout: statementTimeout)
            let handle = try Self.open(settings, setup: setup, after: known)
            if let preparation, !Self.isFault(handle, known) {
                try preparation(handle)
                try setup.run(on: handle)
            }
            guard unsafe PQsetnonblocking(handle.pointer, 1) == 0, unsafe PQenterPipelineMode(handle.pointer) == 1
            else {
                throw ConnectFailure(server: handle.errorText)
            }
            return handle
        }
    }

    /// Runs a blocking function on one of the threads.
    ///
    /// - Returns: a future on `eventLoop`, of the result or error of `body`.
    package func run<Value: Sendable>(
        on eventLoop: any EventLoop, _ body: @escaping @Sendable () throws -> Value
    ) -> EventLoopFuture<Value> {
        self.threads.pool.runIfActive(eventLoop: eventLoop, body)
    }

    /// Ends a connection: tells the server that the session ends, and frees the memory.
    func finish(_ handle: ConnectionHandle) {
        self.threads.pool.submit { _ in handle.finish() }
    }

    /// libpq stops at the first host that accepts writes, which may be a former primary: then each host is tried by
    /// itself.
    private static func open(
        _ settings: ConnectionSettings, setup: SessionSetup, after known: KnownServer?
    ) throws -> ConnectionHandle {
        let first = try self.open(settings.options(for: setup.part), setup: setup)
        guard Self.isFault(first, known) else { return first }
        for options in settings.optionsOfEachHost(for: setup.part) {
            guard let other = try? self.open(options, setup: setup) else { continue }
            if !Self.isFault(other, known) {
                first.finish()
                return other
            }
            other.finish()
        }
        return first
    }

    private static func isFault(_ handle: ConnectionHandle, _ known: KnownServer?) -> Bool {
        handle.server.flatMap { known?.fault(of: $0) } != nil
    }

    private static func open(_ options: [ConnectionSettings.Option], setup: SessionSetup) throws -> ConnectionHandle {
        let handle = try self.connect(options)
        guard unsafe PQstatus(handle.pointer) == CONNECTION_OK else {
            throw ConnectFailure(server: handle.errorText)
        }
        try setup.run(on: handle)
        handle.server = setup.identity(of: handle)
        return handle
    }

    /// Connects, blocking. The connection may have failed; see its status.
    static func connect(_ options: [ConnectionSettings.Option]) throws(ConnectFailure) -> ConnectionHandle {
        var keywords: [UnsafeMutablePointer<CChar>?] = unsafe options.map { unsafe strdup($0.keyword) }
        var values: [UnsafeMutablePointer<CChar>?] = unsafe options.map { unsafe strdup($0.value) }
        defer { unsafe (keywords + values).forEach { unsafe free($0) } }
        unsafe keywords.append(nil)
        unsafe values.append(nil)
        let pointer = unsafe keywords.withUnsafeBufferPointer { keywords in
            unsafe values.withUnsafeBufferPointer { values in
                unsafe keywords.withMemoryRebound(to: UnsafePointer<CChar>?.self) { keywords in
                    unsafe values.withMemoryRebound(to: UnsafePointer<CChar>?.self) { values in
                        unsafe PQconnectdbParams(keywords.baseAddress, values.baseAddress, 0)
                    }
                }
            }
        }
        guard let pointer = unsafe pointer else { throw ConnectFailure("out of memory") }
        return unsafe ConnectionHandle(owning: pointer)
    }
}
