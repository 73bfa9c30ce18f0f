import Cryptography
import NIOCore
import Names
import Testing

@testable import WAMP

@Suite struct AuthenticationTests {
    private static let text =
        #"{"authid":"peter","authrole":"user","authmethod":"wampcra","authprovider":"userdb","#
        + #""session":3251278072152162,"nonce":"abc","timestamp":"2024-01-01T00:00:00.000Z"}"#

    private let cra = Authentication.wampcra(authid: "peter", secret: SecretBytes("secret2"))

    private func challenge(_ more: [String: Value] = [:]) -> Challenge {
        let extra: [String: Value] = ["challenge": .string(Self.text)]
        return Challenge(method: "wampcra", extra: Details(extra.merging(more) { $1 }))
    }

    @Test func plain() throws {
        #expect(
            try self.cra.answer(self.challenge())
                == Authenticate(signature: "fbIp1fX7HxS9nIMrefeBEkM6K3Ukfl7Dvoejp6atMoE="))
        #expect(
            try self.cra.answer(self.challenge(["salt": ""])).signature
                == "fbIp1fX7HxS9nIMrefeBEkM6K3Ukfl7Dvoejp6atMoE=")
        #expect(
            try self.cra.answer(self.challenge(["salt": .null])).signature
                == "fbIp1fX7HxS9nIMrefeBEkM6K3Ukfl7Dvoejp6atMoE=")
    }

    @Test func salted() throws {
        let signature = "wguhCAGZIlkJzKMNQYdEqWzA65z7s7mv/rW9ejbkAPw="
        let explicit = self.challenge(["salt": "salt123", "iterations": .integer(1000), "keylen": .integer(32)])
        #expect(try self.cra.answer(explicit).signature == signature)
        #expect(try self.cra.answer(self.challenge(["salt": "salt123"])).signature == signature)
        let asDouble = self.challenge(["salt": "salt123", "iterations": .double(1000), "keylen": .null])
        #expect(try self.cra.answer(asDouble).signature == signature)
        let other = self.challenge(["salt": "salt123", "iterations": .integer(1001)])
        #expect(try self.cra.answer(other).signature != signature)
    }

    @Test(arguments: [
        ("iterations", Value.integer(0)), ("iterations", .integer(10_000_001)), ("iterations", .integer(-1)),
        ("keylen", .integer(0)), ("keylen", .integer(513)), ("keylen", .integer(.max)),
    ])
    func refusesWorkOutOfBounds(key: String, value: Value) {
        #expect(throws: AuthenticationError.unreasonable(key: key)) {
            try self.cra.answer(self.challenge(["salt": "s", key: value]))
        }
    }

    @Test(arguments: [
        ("iterations", Value.string("1000")), ("iterations", .double(1.5)), ("keylen", .bool(true)),
        ("salt", .integer(1)), ("challenge", .integer(1)),
    ])
    func refusesMalformedChallenges(key: String, value: Value) {
        #expect(throws: AuthenticationError.malformedChallenge(key: key)) {
            try self.cra.answer(self.challenge(["salt": "s"].merging([key: value]) { $1 }))
        }
    }

    @Test func ticket() throws {
        let ticket = Authentication.ticket(authid: "joe", ticket: SecretBytes("sesame"))
        #expect(
            try ticket.answer(Challenge(method: "ticket", extra: .empty)) == Authenticate(signature: "sesame"))
        #expect(throws: AuthenticationError.otherMethod) { try ticket.answer(self.challenge()) }
        #expect(ticket.revealsSecret)
        #expect(!self.cra.revealsSecret)
    }

    @Test func anonymousAnswersNothing() {
        #expect(throws: AuthenticationError.otherMethod) {
            try Authentication.anonymous(authid: nil).answer(Challenge(method: "anonymous", extra: .empty))
        }
    }

    @Test func certificatesAnswerNothing() {
        #expect(throws: AuthenticationError.otherMethod) {
            try Authentication.tls(authid: nil).answer(Challenge(method: "tls", extra: .empty))
        }
    }

    @Test func saysHello() throws {
        let anonymous = try Authentication.anonymous(authid: nil).hello()
        #expect(anonymous.methods == ["anonymous"])
        #expect(anonymous.authid == nil)
        #expect(anonymous.authextra.isEmpty)
        let cra = try self.cra.hello()
        #expect(cra.methods == ["wampcra"])
        #expect(cra.authid == "peter")
        let tls = try Authentication.tls(authid: "peter").hello()
        #expect(tls.methods == ["tls"])
        #expect(tls.authid == "peter")
        #expect(tls.authextra.isEmpty)
    }

    @Test func oneChallengeIsAnswered() throws {
        var machine = AuthenticationStateMachine(self.cra, channelID: nil)
        let early = Self.failure { () throws(AuthenticationError) in try machine.work(for: self.challenge()) }
        #expect(early == .otherMethod)
        _ = try machine.hello(realm: try Realm("realm1"), agent: "test")
        _ = machine.answered(try machine.work(for: self.challenge()).run())
        let second = Self.failure { () throws(AuthenticationError) in try machine.work(for: self.challenge()) }
        #expect(second == .secondChallenge)
        try machine.check(Welcome(session: try #require(SessionID(1))))
    }

    @Test func showsNoSecret() throws {
        let key = try Ed25519PrivateKey(seed: SecretBytes([UInt8](repeating: 0x61, count: 32)))
        let all: [Authentication] = [
            .ticket(authid: "joe", ticket: SecretBytes("sesame")),
            .wampcra(authid: "joe", secret: SecretBytes("sesame")),
            .scram(authid: "joe", password: SecretBytes("sesame"), dialect: .crossbar),
            .cryptosign(authid: "joe", key: key, isChannelBound: false), .anonymous(authid: "joe"), .tls(authid: "joe"),
        ]
        for authentication in all {
            var dumped = ""
            dump(authentication, to: &dumped)
            dump([authentication], to: &dumped)
            for text in [
                authentication.description, "\(authentication)", String(reflecting: authentication),
                String(describing: [authentication]), dumped,
            ] {
                #expect(!text.contains("sesame") && !text.contains("aaaa") && !text.contains("6161"), "\(text)")
            }
            #expect(authentication.description == "\(authentication.method) as joe")
            #expect(authentication.revealsSecret == (authentication.method == "ticket"))
        }
        #expect(all.map(\.method) == ["ticket", "wampcra", "scram", "cryptosign", "anonymous", "tls"])
    }

    @Test func knowsWhatIsSlow() throws {
        #expect(try !self.cra.work(self.challenge(["salt": "s"])).isSlow)
        #expect(try self.cra.work(self.challenge(["salt": "s", "iterations": .integer(1_000_000)])).isSlow)
    }

    private static func failure<Value>(
        _ body: () throws(AuthenticationError) -> Value
    ) -> AuthenticationError? {
        do throws(AuthenticationError) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }
}
