import Cryptography
import NIOCore
import NIOPosix
import Names
import WAMP

@testable import CallPort
@testable import WAMPClient

/// A port on a real socket, with a router behind it that answers each call with its arguments, or as the procedure's
/// name says.
struct ListeningPort: Sendable {
    static let password = "a password of more than thirty-two octets"

    private let scene: NIOLoopBound<Scene>
    private let eventLoop: any EventLoop
    let key = PortFixture.key

    /// All that lives on the loop.
    private final class Scene {
        let port: CallPort
        let peer: EchoPeer
        let record: Record

        init(_ port: CallPort, _ peer: EchoPeer, _ record: Record) {
            self.port = port
            self.peer = peer
            self.record = record
        }
    }

    /// What the port told, and who waits for it.
    private final class Record {
        private(set) var events: [CallPortEvent] = []
        private var waiting: [(index: Int, promise: EventLoopPromise<CallPortEvent>)] = []

        func append(_ event: CallPortEvent) {
            self.events.append(event)
            for (index, promise) in self.waiting where index == self.events.count - 1 { promise.succeed(event) }
        }

        func wait(for index: Int, _ promise: EventLoopPromise<CallPortEvent>) {
            if index < self.events.count {
                promise.succeed(self.events[index])
            } else {
                self.waiting.append((index, promise))
            }
        }
    }

    /// The router's end.
    private final class EchoPeer: CallPortPeer {
        private var last: Int64 = 0
        let isWritable = true
        let isCalled: EventLoopPromise<Void>
        let isCanceled: EventLoopPromise<Void>

        init(_ eventLoop: any EventLoop) {
            self.isCalled = eventLoop.makePromise()
            self.isCanceled = eventLoop.makePromise()
        }

        func call(
            _ procedure: URI, options: CallOptions, payload: Payload, timeout: TimeAmount,
            completion: @escaping (Result<CallResult, RequestError>) -> Void
        ) -> RequestID? {
            self.last += 1
            let id = RequestID(checked: self.last)
            switch procedure.text {
            case "com.never": self.isCalled.succeed()
            case "com.error": completion(.failure(FakePeer.refused("com.myapp.error", payload)))
            default: completion(.success(CallResult(request: id, payload: payload)))
            }
            return id
        }

        func publish(
            _ topic: URI, options: PublishOptions, payload: Payload,
            acknowledged completion: @escaping (Result<PublicationID, RequestError>) -> Void
        ) {
            completion(.success(PublicationID(checked: 9)))
        }

        func cancel(_ call: RequestID) {
            self.isCanceled.succeed()
        }
    }

    /// Begins to listen.
    init(_ address: ListenAddress) async throws {
        let eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
        self.eventLoop = eventLoop
        self.scene = try await eventLoop.submit {
            let record = Record()
            let port = try CallPort(
                configuration: CallPort.Configuration(address: address, password: SecretBytes(Self.password)),
                version: "0.1.0", eventLoop: eventLoop,
                status: { _ in [.init(name: "router", value: "joined")] }, observer: { record.append($0) })
            let peer = EchoPeer(eventLoop)
            port.peer = peer
            port.key = CallPortKey(digits: PortFixture.key)
            port.start()
            return NIOLoopBound(Scene(port, peer, record), eventLoop: eventLoop)
        }.get()
    }

    /// What the port told at a place in the order; waits for it, two minutes at most.
    func event(_ index: Int) async throws -> CallPortEvent {
        try await self.within { scene, promise in scene.record.wait(for: index, promise) }
    }

    /// Waits till somebody has called `com.never`.
    func called() async throws {
        try await self.within { scene, promise in scene.peer.isCalled.futureResult.cascade(to: promise) }
    }

    /// Waits till that call was given up.
    func canceled() async throws {
        try await self.within { scene, promise in scene.peer.isCanceled.futureResult.cascade(to: promise) }
    }

    /// The port's number, of TCP.
    var number: Int {
        get async throws {
            try await self.eventLoop.submit { [scene] in scene.value.port.localAddress?.port ?? 0 }.get()
        }
    }

    func stop() async throws {
        try await self.eventLoop.submit { [scene] in
            scene.value.port.stop()
            // Promises must have an outcome, also where no test waits for it.
            scene.value.peer.isCalled.succeed()
            scene.value.peer.isCanceled.succeed()
        }.get()
    }

    private func within<Value: Sendable>(
        _ body: @escaping @Sendable (Scene, EventLoopPromise<Value>) -> Void
    ) async throws -> Value {
        try await self.eventLoop.flatSubmit { [scene, eventLoop] in
            let promise = eventLoop.makePromise(of: Value.self)
            let timer = eventLoop.scheduleTask(in: .minutes(2)) { promise.fail(TooLate()) }
            body(scene.value, promise)
            promise.futureResult.whenComplete { _ in timer.cancel() }
            return promise.futureResult
        }.get()
    }

    private struct TooLate: Error {}
}
