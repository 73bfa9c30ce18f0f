import NIOCore
import Testing

@testable import WAMP

@Suite struct AuthenticationTests {
    private static let text =
        #"{"authid":"peter","authrole":"user","authmethod":"wampcra","authprovider":"userdb","session":3251278072152162,"#
        + #""nonce":"abc","timestamp":"2024-01-01T00:00:00.000Z"}"#

    private let cra = Authentication.wampcra(authid: "peter", secret: "secret2")

    private func challenge(_ more: [String: Value] = [:]) -> Challenge {
        let extra: [String: Value] = ["challenge": .string(Self.text)]
        return Challenge(method: "wampcra", extra: Details(extra.merging(more) { $1 }))
    }

    @Test func plain() throws {
        #expect(
            try self.cra.answer(to: self.challenge())
                == Authenticate(signature: "fbIp1fX7HxS9nIMrefeBEkM6K3Ukfl7Dvoejp6atMoE="))
        #expect(
            try self.cra.answer(to: self.challenge(["salt": ""])).signature
                == "fbIp1fX7HxS9nIMrefeBEkM6K3Ukfl7Dvoejp6atMoE=")
        #expect(
            try self.cra.answer(to: self.challenge(["salt": .null])).signature
                == "fbIp1fX7HxS9nIMrefeBEkM6K3Ukfl7Dvoejp6atMoE=")
    }

    @Test func salted() throws {
        let signature = "wguhCAGZIlkJzKMNQYdEqWzA65z7s7mv/rW9ejbkAPw="
        let explicit = self.challenge(["salt": "salt123", "iterations": .integer(1000), "keylen": .integer(32)])
        #expect(try self.cra.answer(to: explicit).signature == signature)
        #expect(try self.cra.answer(to: self.challenge(["salt": "salt123"])).signature == signature)
        let asDouble = self.challenge(["salt": "salt123", "iterations": .double(1000), "keylen": .null])
        #expect(try self.cra.answer(to: asDouble).signature == signature)
        let other = self.challenge(["salt": "salt123", "iterations": .integer(1001)])
        #expect(try self.cra.answer(to: other).signature != signature)
    }

    @Test(arguments: [
        ("iterations", Value.integer(0)), ("iterations", .integer(10_000_001)), ("iterations", .integer(-1)),
        ("keylen", .integer(0)), ("keylen", .integer(513)), ("keylen", .integer(.max)),
    ])
    func refusesWorkOutOfBounds(key: String, value: Value) {
        #expect(throws: AuthenticationError.unreasonable(key: key)) {
            try self.cra.answer(to: self.challenge(["salt": "s", key: value]))
        }
    }

    @Test(arguments: [
        ("iterations", Value.string("1000")), ("iterations", .double(1.5)), ("keylen", .bool(true)),
        ("salt", .integer(1)), ("challenge", .integer(1)),
    ])
    func refusesMalformedChallenges(key: String, value: Value) {
        #expect(throws: AuthenticationError.malformedChallenge(key: key)) {
            try self.cra.answer(to: self.challenge(["salt": "s"].merging([key: value]) { $1 }))
        }
    }

    @Test func ticket() throws {
        let ticket = Authentication.ticket(authid: "joe", ticket: "sesame")
        #expect(
            try ticket.answer(to: Challenge(method: "ticket", extra: .empty)) == Authenticate(signature: "sesame"))
        #expect(throws: AuthenticationError.otherMethod) { try ticket.answer(to: self.challenge()) }
        #expect(ticket.revealsSecret)
        #expect(!self.cra.revealsSecret)
    }

    @Test func anonymousAnswersNothing() {
        #expect(throws: AuthenticationError.otherMethod) {
            try Authentication.anonymous(authid: nil).answer(to: Challenge(method: "anonymous", extra: .empty))
        }
    }

    @Test func saysHello() throws {
        let realm = try Realm("realm1")
        #expect(Authentication.anonymous(authid: nil).hello(realm: realm, agent: "a").methods == ["anonymous"])
        #expect(Authentication.anonymous(authid: nil).hello(realm: realm, agent: "a").authid == nil)
        #expect(self.cra.hello(realm: realm, agent: "a").methods == ["wampcra"])
        #expect(self.cra.hello(realm: realm, agent: "a").authid == "peter")
    }

    @Test func showsNoSecret() {
        let ticket = Authentication.ticket(authid: "joe", ticket: "sesame")
        var dumped = ""
        dump(ticket, to: &dumped)
        for text in [ticket.description, "\(ticket)", String(reflecting: ticket), String(describing: [ticket]), dumped]
        {
            #expect(!text.contains("sesame"))
        }
        #expect(ticket.description == "ticket as joe")
    }

    @Test func knowsWhatIsSlow() {
        #expect(!self.cra.isSlow(self.challenge(["salt": "s"])))
        #expect(self.cra.isSlow(self.challenge(["salt": "s", "iterations": .integer(1_000_000)])))
    }
}
