import Cryptography
import NIOCore
import PostgresClientEnd

@testable import PostgresWire

/// A machine with its driver: takes octets, records the actions, and answers queries as configured.
final class TestServer {
    static let nonce = "3rfcNHYJY1ZVvWVs7j"

    private(set) var output = ByteBuffer()
    private(set) var queries: [String] = []
    private(set) var end: WireEnd?
    private(set) var isAuthenticated = false
    private(set) var user: String?
    /// The error for an authenticated client, in place of admission.
    private let refusal: WireError?
    /// True once TLS was to start.
    private(set) var isSecured = false
    private var machine: WireServerStateMachine
    /// True if each query is immediately answered with a row that holds the query; else the test answers.
    private let answersAtOnce: Bool

    init(
        limits: WireLimits = WireLimits(), refusal: WireError? = nil, answersAtOnce: Bool = true,
        encryption: WireEncryption = .none
    ) throws {
        let credentials = try WireCredentials(
            user: "wamp", password: SecretBytes("secret"), iterations: 2, saltKey: [1, 2, 3])
        self.machine = WireServerStateMachine(
            settings: WireServerSettings(
                credentials: credentials, serverVersion: "15.0 (wamp-sidecar)", encryption: encryption, limits: limits),
            process: 7, nonce: Array(Self.nonce.utf8))
        self.refusal = refusal
        self.answersAtOnce = answersAtOnce
    }

    var messages: [ClientEnd.Message] { ClientEnd.messages(self.output) }
    var types: String { String(self.messages.map(\.type)) }
    var unreadOctets: Int { self.machine.unreadOctets }

    /// Takes all messages so far.
    func takeMessages() -> [ClientEnd.Message] {
        defer { self.output.clear() }
        return self.messages
    }

    func receive(_ bytes: [UInt8]) {
        self.machine.received(ByteBuffer(bytes: bytes))
        self.pump()
    }

    /// Completes the running query.
    func complete(_ text: String) {
        self.machine.complete(
            columns: [WireColumn("args", .jsonb), WireColumn("kwargs", .text)],
            rows: [[ByteBuffer(string: text), nil]], tag: "SELECT 1", into: &self.output)
        self.pump()
    }

    func fail(_ error: WireError) {
        self.machine.fail(error, into: &self.output)
        self.pump()
    }

    private func pump() {
        while true {
            switch self.machine.next(into: &self.output) {
            case .wait: return
            case .secure:
                self.isSecured = true
                // The driver asks again when something has been decrypted.
                return
            case .authenticated(let user):
                self.isAuthenticated = true
                self.user = user
                self.machine.admit(self.refusal, into: &self.output)
            case .query(let text):
                self.queries.append(String(buffer: text))
                guard self.answersAtOnce else { continue }
                self.machine.complete(
                    columns: [WireColumn("args", .jsonb)], rows: [[text]], tag: "SELECT 1", into: &self.output)
            case .close(let end):
                self.end = end
                return
            }
        }
    }

    /// Completes startup and authentication.
    func logIn(user: String = "wamp", password: String = "secret", header: String = "n,,") throws {
        self.receive(ClientEnd.startup([("user", user)]))
        let client = ScramClient(password: password, header: header)
        self.receive(ClientEnd.saslInitial(client.first))
        guard let challenge = self.messages.last, challenge.type == "R" else { return }
        self.receive(ClientEnd.message("p", try client.final(for: Array(challenge.body.dropFirst(4))).message))
    }

    /// A server with a session, whose output has been taken.
    static func ready(limits: WireLimits = WireLimits(), answersAtOnce: Bool = true) throws -> TestServer {
        let server = try TestServer(limits: limits, answersAtOnce: answersAtOnce)
        try server.logIn()
        _ = server.takeMessages()
        return server
    }

    /// Everything that a client would send, without waiting for answers: the nonce is known.
    static func conversation(_ rest: [UInt8]) throws -> [UInt8] {
        let probe = try TestServer()
        let client = ScramClient(password: "secret")
        let opening = ClientEnd.request(80_877_103) + ClientEnd.startup() + ClientEnd.saslInitial(client.first)
        probe.receive(opening)
        let challenge = Array((probe.messages.last?.body ?? []).dropFirst(4))
        return opening + ClientEnd.message("p", try client.final(for: challenge).message) + rest
    }
}
