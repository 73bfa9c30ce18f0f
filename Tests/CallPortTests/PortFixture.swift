import Cryptography
import NIOCore
import NIOEmbedded
import Names
import PostgresClientEnd

@testable import CallPort

/// A port without a socket, its clock in hand.
final class PortFixture {
    static let password = "secret"
    static let statusPassword = "for people"
    /// As the database tells it.
    static let key = String(repeating: "ab", count: 32)

    let eventLoop = EmbeddedEventLoop()
    let peer = FakePeer()
    let port: CallPort
    private let events: Box

    /// What the port told.
    var observed: [CallPortEvent] { self.events.list }

    private final class Box {
        var list: [CallPortEvent] = []
    }

    init(
        sessions: Int = 500, unproved: Int = CallPortAdmission.unproved, allowMeta: Bool = false, isJoined: Bool = true,
        password: String = PortFixture.password
    ) throws {
        let events = Box()
        self.events = events
        self.port = try CallPort(
            configuration: CallPort.Configuration(
                address: .tcp(host: "127.0.0.1", port: 0), password: SecretBytes(password),
                statusPassword: SecretBytes(Self.statusPassword), timeout: .seconds(7),
                greatestSessions: sessions, greatestUnproved: unproved, allowMeta: allowMeta),
            version: "0", eventLoop: self.eventLoop,
            status: { _ in [.init(name: "version", value: "0"), .init(name: "router", value: "joined")] },
            observer: { events.list.append($0) })
        self.port.key = CallPortKey(digits: Self.key)
        if isJoined { self.port.peer = self.peer }
    }

    /// A new connection.
    func connect() throws -> ClientFixture {
        let channel = EmbeddedChannel(loop: self.eventLoop)
        try self.port.accept(channel)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        return ClientFixture(channel)
    }

    /// A new connection, logged in.
    func logIn() throws -> ClientFixture {
        let caller = try self.connect()
        try caller.logIn()
        _ = caller.take()
        return caller
    }

    /// A document that proves that the key is known, and the proof that its answer has to come with.
    struct Proved {
        let text: String
        let answer: String
    }

    private var lastNonce = 0

    /// What begins a connection.
    func proving(backend: Int32) throws -> Proved {
        try self.proved(#""prove": true"#, operation: "prove", backend: backend)
    }

    /// As the interface's functions send it.
    func proved(_ rest: String, operation: String, backend: Int32) throws -> Proved {
        self.lastNonce += 1
        let key = CallPortKey(digits: Self.key)
        guard let proof = try key?.proof(of: operation, backend: backend, nonce: "n\(self.lastNonce)") else {
            throw ChannelError.inappropriateOperationForState
        }
        return Proved(
            text:
                #"{"nonce": "n\#(self.lastNonce)", "mac": "\#(proof.asked)", "pid": \#(backend), "rows": true, "#
                + "\(rest)}",
            answer: proof.answered)
    }

    /// A document with the key.
    func document(_ rest: String, rows: Bool = true) -> String {
        "{\"key\": \"\(Self.key)\", \"pid\": 4711, \"rows\": \(rows), \(rest)}"
    }
}

/// One caller's end.
final class ClientFixture {
    let channel: EmbeddedChannel
    private var output = ByteBuffer()

    init(_ channel: EmbeddedChannel) {
        self.channel = channel
    }

    var isOpen: Bool { self.channel.isActive }

    func send(_ bytes: [UInt8]) throws {
        try self.channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    func query(_ text: String) throws {
        try self.send(ClientEnd.query(text))
    }

    /// The messages that have come since the last time.
    func take() -> [ClientEnd.Message] {
        while let buffer = try? self.channel.readOutbound(as: ByteBuffer.self) {
            self.output.writeImmutableBuffer(buffer)
        }
        defer { self.output.clear() }
        return ClientEnd.messages(self.output)
    }

    func types() -> String { String(self.take().map(\.type)) }

    /// The values of the one row that has come.
    func row() -> [String?]? {
        let messages = self.take()
        guard String(messages.map(\.type)) == "TDCZ" else { return nil }
        return messages[1].values
    }

    /// The fields of the one error that has come.
    func error() -> [Character: String]? {
        let messages = self.take()
        guard messages.first?.type == "E" else { return nil }
        return messages[0].fields
    }

    func logIn(password: String = PortFixture.password, user: String = "wamp") throws {
        try self.send(ClientEnd.startup([("user", user)]))
        let client = ScramClient(password: password)
        try self.send(ClientEnd.saslInitial(client.first))
        guard let challenge = self.take().last else { return }
        try self.send(ClientEnd.message("p", try client.final(for: Array(challenge.body.dropFirst(4))).message))
    }

    /// Goes away.
    func close() {
        self.channel.close(promise: nil)
    }
}
