import Cryptography
import NIOCore
import PostgresClientEnd
import PostgresWire

/// The server's side of PostgreSQL's protocol, fed with a client's octets.
///
/// Of the choices, bits 0 and 1 are the encryption, 2 a client that has logged in already, 3 queries that are answered
/// when all has come, 4 a client within TLS, 5 a client that is not let in although it has proved who it is.
enum PostgresWireFuzzer {
    /// Small, so that inputs reach them.
    static let limits = WireLimits(startup: 300, authentication: 256, query: 600, waiting: 1000)

    static func run(_ input: [UInt8]) {
        guard let input = Input(input) else { return }
        let whole = WireDriver.run(input, input.whole)
        let pieces = WireDriver.run(input, input.pieces)
        // What comes behind a request for TLS, unencrypted, depends on the packets that it comes in.
        if whole.wantedTLS || pieces.wantedTLS {
            hold(whole.queries.isEmpty && pieces.queries.isEmpty, "a query before TLS stands")
        } else {
            hold(whole == pieces, "pieces make \(pieces), the whole \(whole)")
        }
        self.check(whole, input)
        self.check(pieces, input)
    }

    private static func check(_ outcome: WireDriver.Outcome, _ input: Input) {
        hold(outcome.queries.isEmpty || outcome.isIn, "a query of somebody who is not in")
        let isBare = WireDriver.encryption(input) == .required && !WireDriver.isWithinTLS(input)
        hold(!isBare || !outcome.isAuthenticated, "somebody came in without TLS")
        let queried = outcome.queries.reduce(0) { $0 + $1.readableBytes }
        hold(outcome.output.readableBytes <= 4096 + 64 * input.octets.count + queried, "too long an answer")
        let messages = ClientEnd.messages(outcome.output)
        hold(messages.allSatisfy { "RSKZCTDEIvN".contains($0.type) }, "messages that no client knows: \(messages)")
        switch outcome.end {
        case .failed: hold(messages.last?.type == "E", "an end without a word")
        case .terminated, .cancelRequest, .authenticationFailed, nil: break
        }
        hold(messages.filter { $0.type == "D" }.count == outcome.queries.count, "not one row for each query")
    }
}

/// A server with its driver, which answers each query with a row that contains its text.
private final class WireDriver {
    struct Outcome: Equatable, CustomStringConvertible {
        var output = ByteBuffer()
        var queries: [ByteBuffer] = []
        var end: WireEnd?
        var isAuthenticated = false
        /// Whether it was let in, too.
        var isIn = false
        /// Whether TLS was to be made of the connection.
        var wantedTLS = false

        var description: String {
            "\(ClientEnd.messages(self.output)), queries \(self.queries.map { String(buffer: $0) }), "
                + "end \(String(describing: self.end))"
        }
    }

    private var machine: WireServerStateMachine
    private let input: Input
    private var outcome = Outcome()
    private var running: ByteBuffer?

    private init(_ input: Input) {
        self.input = input
        let settings = WireServerSettings(
            credentials: Self.credentials, serverVersion: "15.0 (wamp-sidecar)", encryption: Self.encryption(input),
            limits: PostgresWireFuzzer.limits)
        self.machine = WireServerStateMachine(settings: settings, process: 7, nonce: Array("3rfcNHYJY1ZVvWVs7j".utf8))
    }

    static func encryption(_ input: Input) -> WireEncryption {
        switch input.choices & 3 {
        case 1: .offered
        case 2: .required
        default: .none
        }
    }

    static func isWithinTLS(_ input: Input) -> Bool { input.chooses(4) && self.encryption(input) != .none }

    /// What comes of an input in these pieces.
    static func run(_ input: Input, _ pieces: [ByteBuffer]) -> Outcome {
        let driver = WireDriver(input)
        if self.isWithinTLS(input) {
            driver.receive(ByteBuffer(bytes: self.request))
            hold(driver.outcome.wantedTLS, "TLS is not made")
            driver.outcome = Outcome()
        }
        if input.chooses(2) {
            driver.receive(ByteBuffer(bytes: self.login))
        }
        for piece in pieces { driver.receive(piece) }
        while driver.running != nil { driver.answer() }
        return driver.outcome
    }

    private func receive(_ octets: ByteBuffer) {
        guard self.outcome.end == nil, !self.outcome.wantedTLS else { return }
        self.machine.received(octets)
        self.pump()
        let limits = PostgresWireFuzzer.limits
        hold(
            self.machine.unreadOctets <= max(limits.startup, limits.query + 5, limits.waiting),
            "\(self.machine.unreadOctets) octets wait")
    }

    private func answer() {
        guard let text = self.running else { return }
        self.running = nil
        self.machine.complete(
            columns: [WireColumn("args", .jsonb), WireColumn("kwargs", .text)], rows: [[text, nil]], tag: "SELECT 1",
            into: &self.outcome.output)
        self.pump()
    }

    private func pump() {
        while true {
            switch self.machine.next(into: &self.outcome.output) {
            case .wait:
                return
            case .secure:
                self.outcome.wantedTLS = true
                let answer = self.outcome.output.readableBytesView.last
                hold(answer == UInt8(ascii: "S"), "TLS without a word")
                self.outcome.output.moveWriterIndex(to: self.outcome.output.writerIndex - 1)
                return
            case .authenticated:
                self.outcome.isAuthenticated = true
                self.outcome.isIn = !self.input.chooses(5)
                let refusal = WireError(.fatal, "53300", "there are too many sessions")
                self.machine.admit(self.input.chooses(5) ? refusal : nil, into: &self.outcome.output)
            case .query(let text):
                self.outcome.queries.append(text)
                self.running = text
                if !self.input.chooses(3) { return self.answer() }
            case .close(let end):
                self.outcome.end = end
                self.running = nil
                return
            }
        }
    }

    // MARK: - What a client says

    private static let credentials: WireCredentials = {
        do {
            return try WireCredentials(
                user: "wamp", password: SecretBytes("secret"), iterations: 2, saltKey: [1, 2, 3])
        } catch {
            fatalError("\(error)")
        }
    }()

    private static let request = ClientEnd.request(80_877_103)

    /// All of a login ahead of its answers: the nonce is known.
    private static let login: [UInt8] = {
        let client = ScramClient(password: "secret")
        let opening = ClientEnd.startup() + ClientEnd.saslInitial(client.first)
        guard let probe = Input([0, 1]) else { fatalError("no input") }
        let outcome = WireDriver.run(probe, [ByteBuffer(bytes: opening)])
        guard let challenge = ClientEnd.messages(outcome.output).last?.body.dropFirst(4),
            let final = try? client.final(for: Array(challenge))
        else { fatalError("no challenge") }
        return opening + ClientEnd.message("p", final.message)
    }()
}
