import NIOCore
import NIOPosix
import Postgres
package import SidecarConfiguration
import WAMP
import WAMPClient

/// `check --connect`: whether the database has the mapped functions, and the router accepts the sidecar.
package enum ConnectedCheck {
    private static let patience = TimeAmount.seconds(20)
    /// Never shut down, as long as the process lives: connections that are given up may still use it.
    private static let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Connects to both sides, checks, and leaves again. Registers nothing.
    ///
    /// - Returns: its findings; no faults if all is well.
    package static func run(_ configuration: Configuration) async throws -> CheckFindings {
        let eventLoop = self.eventLoops.next()
        async let database = self.checkDatabase(configuration, on: eventLoop)
        async let router = self.checkRouter(configuration, on: eventLoop)
        async let callPort = self.checkPort(on: eventLoop) {
            configuration.caller.map { PortCheck($0, configuration, eventLoop: eventLoop) }
        }
        async let adminPort = self.checkPort(on: eventLoop) {
            configuration.admin.map { PortCheck($0, configuration, eventLoop: eventLoop) }
        }
        async let interface = self.checkInterface(configuration, on: eventLoop)
        let faults = try await database + router + callPort + adminPort
        return await (CheckFindings(faults: faults) + interface).sorted(path: configuration.path)
    }

    private static func checkInterface(_ configuration: Configuration, on eventLoop: any EventLoop) async
        -> CheckFindings
    {
        // An unreachable database has been reported, but not the unchecked parts.
        if let findings = try? await InterfaceCheck.run(configuration, eventLoop: eventLoop).get() { return findings }
        let mappings =
            configuration.procedures.count + configuration.subscriptions.count + configuration.notifications.count
        let place = configuration.place(configuration.database.location)
        return CheckFindings(remarks: [
            "\(place): not checked: the functions and statements of \(mappings) mappings, and the SQL interface"
        ])
    }

    private static func checkPort(on eventLoop: any EventLoop, _ check: @escaping @Sendable () -> PortCheck?)
        async throws -> [String]
    {
        try await eventLoop.flatSubmit { () -> EventLoopFuture<[String]> in
            guard let check = check() else { return eventLoop.makeSucceededFuture([]) }
            let promise = eventLoop.makePromise(of: [String].self)
            check.run { promise.assumeIsolated().succeed($0) }
            return promise.futureResult
        }.get()
    }

    private static func checkDatabase(_ configuration: Configuration, on eventLoop: any EventLoop) async throws
        -> [String]
    {
        try await eventLoop.flatSubmit { () -> EventLoopFuture<[String]> in
            let promise = eventLoop.makePromise(of: [String].self)
            do {
                let check = try DatabaseCheck(configuration, eventLoop: eventLoop, patience: self.patience)
                check.run { promise.assumeIsolated().succeed($0) }
            } catch {
                promise.fail(error)
            }
            return promise.futureResult
        }.get()
    }

    private static func checkRouter(_ configuration: Configuration, on eventLoop: any EventLoop) async throws
        -> [String]
    {
        try await eventLoop.flatSubmit { () -> EventLoopFuture<[String]> in
            let promise = eventLoop.makePromise(of: [String].self)
            RouterCheck(configuration, eventLoop: eventLoop, patience: self.patience).run {
                promise.assumeIsolated().succeed($0)
            }
            return promise.futureResult
        }.get()
    }
}
