import NIOCore
import NIOPosix
import Names
import Testing
import WAMP

@testable import WAMPClient

/// The lasting connection, over real local sockets.
@Suite struct RouterTests {
    private let eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()

    /// What a test does and checks, all on the loop.
    private final class Scene {
        let user = RecordingUser()
        let eventLoop: any EventLoop
        let done: EventLoopPromise<String>
        var routers: [ScriptedRouter] = []
        var router: Router?
        var urls: [String] = []

        init(_ eventLoop: any EventLoop) {
            self.eventLoop = eventLoop
            self.done = eventLoop.makePromise()
        }

        func listen(_ behaviours: ScriptedRouter.Behaviour..., unixPath: String? = nil) -> EventLoopFuture<Void> {
            self.routers = behaviours.map { ScriptedRouter($0, eventLoop: self.eventLoop) }
            let scene = NIOLoopBound(self, eventLoop: self.eventLoop)
            return EventLoopFuture.whenAllSucceed(
                self.routers.map { $0.listen(unixPath: unixPath) }, on: self.eventLoop
            ).map { scene.value.urls = $0 }
        }

        func start(_ change: (inout RouterConfiguration) -> Void = { _ in }) throws {
            var configuration = RouterConfiguration(
                urls: try self.urls.map { try RouterURL($0) }, realm: try Realm("realm1"),
                authentication: .anonymous(authid: nil), agent: "test/1")
            configuration.backoff = Backoff(base: .milliseconds(1), greatest: .milliseconds(5))
            configuration.connectTimeout = .minutes(1)
            configuration.joinTimeout = .minutes(1)
            change(&configuration)
            let router = Router(configuration: configuration, eventLoop: self.eventLoop, delegate: self.user)
            self.router = router
            router.start()
        }

        func stop(_ outcome: String) {
            self.router?.stop { self.done.succeed(outcome) }
        }
    }

    /// Runs a scene to its end, for at most two minutes.
    private func run(
        _ behaviours: ScriptedRouter.Behaviour, _ more: ScriptedRouter.Behaviour..., unixPath: String? = nil,
        _ script: @escaping @Sendable (Scene) throws -> Void
    ) async throws -> String {
        let eventLoop = self.eventLoop
        let all = [behaviours] + more
        return try await eventLoop.flatSubmit {
            let scene = Scene(eventLoop)
            scene.routers = []
            let listening =
                all.count == 1
                ? scene.listen(all[0], unixPath: unixPath) : scene.listen(all[0], all[1], unixPath: nil)
            let bound = NIOLoopBound(scene, eventLoop: eventLoop)
            let deadline = eventLoop.scheduleTask(in: .minutes(2)) {
                bound.value.done.fail(Late(observed: bound.value.user.observed.map { "\($0)" }))
            }
            return listening.flatMapThrowing { try script(bound.value) }
                .flatMap { bound.value.done.futureResult }
                .always { _ in
                    deadline.cancel()
                    for router in bound.value.routers {
                        router.close()
                    }
                }
        }.get()
    }

    private struct Late: Error {
        let observed: [String]
    }

    @Test func joinsAndStops() async throws {
        let outcome = try await self.run(.welcome) { scene in
            scene.user.onJoined = { session in
                #expect(scene.router?.session === session)
                #expect(session.isWritable)
                scene.stop("stopped")
            }
            try scene.start()
        }
        #expect(outcome == "stopped")
    }

    @Test func unixSocket() async throws {
        let path = "/tmp/wamp-client-test-\(UInt64.random(in: 0...UInt64.max)).sock"
        let outcome = try await self.run(.welcome, unixPath: path) { scene in
            scene.user.onJoined = { session in scene.stop(session.url.description) }
            try scene.start()
        }
        #expect(outcome == "rs+unix://\(path)")
    }

    @Test func comesBackAgainAndAgain() async throws {
        let outcome = try await self.run(.welcomeAndClose) { scene in
            var ends = 0
            scene.user.onObserved = { event in
                guard case .left = event else { return }
                ends += 1
                // Its user learned of the end before it was logged.
                #expect(scene.user.session == nil)
                if ends == 20 {
                    scene.stop("\(scene.routers[0].connections)")
                }
            }
            try scene.start()
        }
        #expect(outcome == "20")
    }

    @Test func urlsInTurn() async throws {
        let outcome = try await self.run(.closeAtHello, .welcome) { scene in
            scene.user.onJoined = { _ in
                let first = scene.routers[0].connections
                let faults = scene.user.observed.compactMap { event -> String? in
                    if case .connectFailed(_, let fault, _) = event { return fault.message }
                    return nil
                }
                #expect(faults.count == 1)
                #expect(faults.first?.contains("right after HELLO") == true)
                scene.stop("\(first) \(scene.routers[1].connections)")
            }
            try scene.start()
        }
        #expect(outcome == "1 1")
    }

    @Test func nothingListens() async throws {
        let outcome = try await self.run(.welcome) { scene in
            scene.urls = ["rs://127.0.0.1:1", "rs+unix:///nonexistent/socket", "wss://127.0.0.1/ws"]
            var texts: [String] = []
            scene.user.onObserved = { event in
                guard case .connectFailed(_, let fault, _) = event else { return }
                texts.append("\(fault)")
                if texts.count == 3 {
                    scene.stop(texts.joined(separator: "\n"))
                }
            }
            try scene.start()
        }
        let texts = outcome.split(separator: "\n")
        #expect(texts.count == 3)
        #expect(texts[0].hasPrefix("router rs://127.0.0.1:1: connection refused"))
        #expect(texts[1].contains("no such socket file"))
        #expect(texts[2].contains("wants TLS, and nothing is set up for it"))
    }

    /// A router that reads nothing: beyond the bound the session is dropped, and another one begun.
    @Test func unsentOutputIsBounded() async throws {
        let outcome = try await self.run(.welcomeAndStopReading) { scene in
            let payload = Payload(arguments: ByteBuffer(string: "[\"" + String(repeating: "x", count: 500_000) + "\"]"))
            let topic = try URI("com.topic")
            var sessions = 0
            scene.user.onJoined = { session in
                sessions += 1
                guard sessions == 1 else {
                    let isFirst = scene.user.fault?.code == .unsentOutput
                    scene.stop("\(isFirst) \(scene.user.log.first ?? "-")")
                    return
                }
                var sent = 0
                while session.publish(topic, payload: payload) == nil, sent < 200 {
                    sent += 1
                }
                #expect(sent < 200)
            }
            try scene.start {
                $0.unsentBound = 20 << 20
                $0.goodbyeTimeout = .milliseconds(50)
            }
        }
        #expect(outcome == "true writable false")
    }

    /// The request that exceeds the bound is answered like those before it.
    @Test func unsentRequestsAreAnswered() async throws {
        let outcome = try await self.run(.welcomeAndStopReading) { scene in
            let payload = Payload(arguments: ByteBuffer(string: "[\"" + String(repeating: "x", count: 500_000) + "\"]"))
            let procedure = try URI("com.procedure")
            var (sessions, sent, answered) = (0, 0, 0)
            scene.user.onJoined = { session in
                sessions += 1
                guard sessions == 1 else { return scene.stop("\(sent == answered)") }
                while session.isOpen, sent < 200 {
                    sent += 1
                    _ = session.call(procedure, payload: payload, timeout: .seconds(60)) { _ in answered += 1 }
                }
                #expect(sent < 200)
            }
            try scene.start {
                $0.unsentBound = 20 << 20
                $0.goodbyeTimeout = .milliseconds(50)
            }
        }
        #expect(outcome == "true")
    }

    /// The next serializer follows immediately, in a new connection. The one that worked comes first the next time,
    /// unless the router only closed the connections.
    @Test(arguments: [
        (ScriptedRouter.Behaviour.takes([.cbor]), "[1, 2, 3, 3]"), (.takesOrCloses([.cbor]), "[1, 2, 3, 1, 2, 3]"),
    ])
    func nextSerializer(_ behaviour: ScriptedRouter.Behaviour, asked: String) async throws {
        let outcome = try await self.run(behaviour) { scene in
            scene.user.onJoined = { session in
                guard scene.routers[0].asked.count == 3 else {
                    let told = scene.user.observed.compactMap { event -> String? in
                        switch event {
                        case .serializerRefused(_, let refused, let fault, let next):
                            #expect(fault.message.contains("serializer \(refused)"))
                            return "\(refused) \(next)"
                        case .joined(_, _, _, _, _, _, let serializer): return "joined \(serializer)"
                        case .connectFailed: return "failed"
                        default: return nil
                        }
                    }
                    scene.stop("\(scene.routers[0].asked) \(told)")
                    return
                }
                session.abandon("another one, please")
            }
            try scene.start()
        }
        #expect(outcome == asked + #" ["json msgpack", "msgpack cbor", "joined cbor", "joined cbor"]"#)
    }

    /// All are refused: then follows the usual wait, with a fault that names them.
    @Test func noSerializer() async throws {
        let outcome = try await self.run(.takes([])) { scene in
            var faults: [String] = []
            scene.user.onObserved = { event in
                guard case .connectFailed(_, let fault, _) = event else { return }
                faults.append(fault.message)
                if faults.count == 2 { scene.stop("\(scene.routers[0].asked) \(Set(faults))") }
            }
            try scene.start { $0.serializers = [.msgpack, .json] }
        }
        #expect(
            outcome == "[2, 1, 2, 1] [\"refused the serializer json; allow it there, or write another one in "
                + "router.serializers; so it did with msgpack\"]")
    }

    /// If nothing listens, no serializer is to blame.
    @Test func unreachableIsNotARefusal() async throws {
        let outcome = try await self.run(.welcome) { scene in
            scene.urls = ["rs://127.0.0.1:1"]
            scene.user.onObserved = { event in
                switch event {
                case .serializerRefused: scene.stop("refused")
                case .connectFailed: scene.stop("failed")
                default: break
                }
            }
            try scene.start()
        }
        #expect(outcome == "failed")
    }

    @Test func stopsWhileWaiting() async throws {
        let outcome = try await self.run(.closeAtHello) { scene in
            scene.user.onObserved = { event in
                guard case .connectFailed(_, _, let retryIn) = event else { return }
                // The router sets its timer after it has called its delegate.
                scene.eventLoop.assumeIsolated().execute { scene.stop("\(retryIn >= .hours(0))") }
            }
            try scene.start { $0.backoff = Backoff(base: .hours(1), greatest: .hours(1)) }
        }
        #expect(outcome == "true")
    }
}
