import Cryptography
import NIOCore
import Names
import Testing

@testable import WAMP

@Suite struct ScramTests {
    private static let nonce = "QEFCQ0RFRkdISUpLTE1OT1BR"
    private static let combined = "QEFCQ0RFRkdISUpLTE1OT1BRYGFiY2RlZmdoaWprbG1ubw=="
    private static let salt = "AAECAwQFBgcICQoLDA0ODw=="

    private static func scram(
        _ dialect: ScramDialect, authid: String = "user", password: String = "pencil"
    ) -> Authentication {
        .scram(authid: authid, password: SecretBytes(password), dialect: dialect)
    }

    private static func challenge(
        _ dialect: ScramDialect, kdf: String = "pbkdf2", _ more: [String: Value] = [:]
    ) -> Challenge {
        let extra: [String: Value] = [
            "nonce": .string(Self.combined), "salt": .string(Self.salt), "kdf": .string(kdf),
            "iterations": kdf == "pbkdf2" ? 4096 : 2, "memory": kdf == "pbkdf2" ? .null : 1024,
        ]
        return Challenge(method: dialect.rawValue, extra: Details(extra.merging(more) { $1 }))
    }

    private static func welcome(_ extra: [String: Value]?) throws -> Welcome {
        let details: [String: Value] = extra.map { ["authextra": .dictionary($0)] } ?? [:]
        return Welcome(session: try #require(SessionID(7)), details: Details(details))
    }

    private func nonceOctets() throws -> [UInt8] {
        try #require(Base64.decode(Array(Self.nonce.utf8)))
    }

    /// Answers a challenge and checks WELCOME; returns the proof.
    private func join(
        _ dialect: ScramDialect, _ challenge: Challenge, authid: String = "user", password: String = "pencil",
        welcome: [String: Value]?
    ) throws -> Authenticate {
        let nonce = try self.nonceOctets()
        var machine = AuthenticationStateMachine(
            Self.scram(dialect, authid: authid, password: password), channelID: nil
        ) { nonce }
        _ = try machine.hello(realm: try Realm("realm1"), agent: "test")
        let answer = machine.answered(try machine.work(for: challenge).run())
        try machine.check(try Self.welcome(welcome))
        return answer
    }

    @Test func saysHello() throws {
        for dialect in ScramDialect.allCases {
            let hello = try Self.scram(dialect).hello(nonce: try self.nonceOctets())
            #expect(hello.methods == [dialect == .crossbar ? "scram" : "wamp-scram"])
            #expect(hello.authid == "user")
            #expect(hello.authextra == ["nonce": .string(Self.nonce), "channel_binding": .null])
        }
        var machine = AuthenticationStateMachine(Self.scram(.crossbar), channelID: nil)
        let first = try machine.hello(realm: try Realm("realm1"), agent: "test").authextra["nonce"]
        let second = try machine.hello(realm: try Realm("realm1"), agent: "test").authextra["nonce"]
        #expect(first != second)
        guard case .string(let text) = first else {
            Issue.record("no nonce")
            return
        }
        #expect(Base64.decode(Array(text.utf8))?.count == 18)
    }

    /// RFC 7677's example in the dialect that follows RFC 5802 exactly. Its nonce is longer than those that are made
    /// here.
    @Test func pbkdf2() throws {
        let challenge = Challenge(
            method: "wamp-scram",
            extra: Details([
                "nonce": "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "salt": "W22ZaJ0SNY7soEsUEjb6gQ==",
                "kdf": "pbkdf2", "iterations": 4096,
            ]))
        let nonce = try #require(Base64.decode(Array("rOprNGfwEbeRWgbNEkqO".utf8)))
        var machine = AuthenticationStateMachine(Self.scram(.specification), channelID: nil) { nonce }
        _ = try machine.hello(realm: try Realm("realm1"), agent: "test")
        let answer = machine.answered(try machine.work(for: challenge).run())
        #expect(answer.signature == "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
        #expect(
            answer.extra == [
                "nonce": "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "channel_binding": .null,
                "cbind_data": .null,
            ])
        try machine.check(
            try Self.welcome(["verifier": "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="]))
    }

    @Test(
        .enabled(if: Argon2id.isAvailable, "OpenSSL has Argon2id from 3.2 on"),
        arguments: [
            (
                ScramDialect.specification, "argon2id13", "dlBv7Wd5TkXRPZSInaKUOI7psbnJcXPFuuGumujgyn4=", "verifier",
                "v=AaTMPqQiIE6vor7WX7+bettT0cqQhelXi+h06oWN/sw="
            ),
            (
                .crossbar, "argon2id-13", "zf/atj/qX91Pwp9Y+SJHMnhz5yImWmjiXSl/QYVttWM=", "scram_server_signature",
                "xfpg7kmdRCGlGio/51EP1H/2UIikJ9OGP9iekkOZEbI="
            ),
        ])
    func argon2id(dialect: ScramDialect, kdf: String, proof: String, key: String, signature: String) throws {
        let answer = try self.join(
            dialect, Self.challenge(dialect, kdf: kdf), welcome: [key: .string(signature)])
        #expect(answer.signature == proof)
        #expect(throws: AuthenticationError.routerWrong) {
            try self.join(
                dialect, Self.challenge(dialect, kdf: kdf), password: "pencil2", welcome: [key: .string(signature)])
        }
    }

    @Test(.disabled(if: Argon2id.isAvailable, "this OpenSSL has Argon2id")) func saysThatArgon2idIsMissing() {
        for (dialect, kdf) in [(ScramDialect.crossbar, "argon2id-13"), (.specification, "argon2id13")] {
            #expect(throws: AuthenticationError.noArgon2id) {
                try self.join(dialect, Self.challenge(dialect, kdf: kdf), welcome: nil)
            }
        }
    }

    /// Without binding, Crossbar.io's dialect differs from the specification's only in the last message. The values
    /// were computed with Crossbar.io's formula.
    @Test func pbkdf2OnCrossbar() throws {
        let answer = try self.join(
            .crossbar, Self.challenge(.crossbar),
            welcome: ["scram_server_signature": "7ppD0yBmCGxpiNR8a/PwlpqD4xSht9teoyxwILqdRIw="])
        #expect(answer == Authenticate(signature: "ERhTUT2/BUMMD0/ZpZkSD5qU86r+hWhYAUGd075pU/U="))
    }

    @Test func namesAreEscapedWhereTheSpecificationSaysSo() {
        #expect(ScramDialect.specification.name("a=b,c") == "a=3Db=2Cc")
        #expect(ScramDialect.crossbar.name("a=b,c") == "a=b,c")
    }

    // MARK: - The router's proof

    @Test(
        arguments: [
            (nil, AuthenticationError.routerUnproven), ([:], .routerUnproven), (["verifier": 1], .routerUnproven),
            (["verifier": "v="], .routerWrong), (["verifier": "v=AAAA"], .routerWrong),
            (["verifier": "%"], .routerWrong),
            (["scram_server_signature": ""], .routerWrong),
            (["scram_server_signature": "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="], .routerWrong),
        ] as [([String: Value]?, AuthenticationError)])
    func theRouterHasToProveItself(_ extra: [String: Value]?, _ error: AuthenticationError) {
        for dialect in ScramDialect.allCases {
            #expect(throws: error) { try self.join(dialect, Self.challenge(dialect), welcome: extra) }
        }
        #expect(error.isDistrust)
    }

    @Test func aWelcomeWithoutAChallenge() throws {
        var machine = AuthenticationStateMachine(Self.scram(.crossbar), channelID: nil)
        _ = try machine.hello(realm: try Realm("realm1"), agent: "test")
        let welcome = try Self.welcome(["scram_server_signature": "AAAA"])
        var caught: AuthenticationError?
        do throws(AuthenticationError) { try machine.check(welcome) } catch { caught = error }
        #expect(caught == .routerUnproven)
    }

    // MARK: - Challenges that are not answered

    @Test(
        arguments: [
            ("nonce", .null, .malformedChallenge(key: "nonce")), ("nonce", 1, .malformedChallenge(key: "nonce")),
            ("nonce", .string(combined + ",c=biws"), .malformedChallenge(key: "nonce")),
            ("nonce", .string(combined + "\u{0}"), .malformedChallenge(key: "nonce")),
            ("nonce", .string(combined + String(repeating: "x", count: 1000)), .malformedChallenge(key: "nonce")),
            ("nonce", .string(nonce), .otherNonce), ("nonce", "", .otherNonce),
            ("nonce", .string("x" + combined), .otherNonce),
            ("nonce", .string(String(combined.dropFirst())), .otherNonce),
            ("salt", .null, .malformedChallenge(key: "salt")), ("salt", "%%%%", .malformedChallenge(key: "salt")),
            ("salt", "", .weak(key: "salt")), ("salt", "AAECAwQFBg==", .weak(key: "salt")),
            ("iterations", .null, .malformedChallenge(key: "iterations")),
            ("iterations", "4096", .malformedChallenge(key: "iterations")),
            ("iterations", 4095, .weak(key: "iterations")),
            ("iterations", 0, .weak(key: "iterations")), ("iterations", -1, .weak(key: "iterations")),
            ("iterations", 10_000_001, .unreasonable(key: "iterations")),
            ("iterations", .integer(.max), .unreasonable(key: "iterations")),
            ("kdf", .null, .malformedChallenge(key: "kdf")), ("kdf", "", .unknownDerivation),
            ("kdf", "plain", .unknownDerivation), ("kdf", "argon2i", .unknownDerivation),
        ] as [(String, Value, AuthenticationError)])
    func refuses(_ key: String, _ value: Value, _ error: AuthenticationError) {
        for dialect in ScramDialect.allCases {
            #expect(throws: error) {
                try self.join(dialect, Self.challenge(dialect, [key: value]), welcome: nil)
            }
        }
    }

    @Test(
        arguments: [
            ("memory", .null, .malformedChallenge(key: "memory")), ("memory", 63, .weak(key: "memory")),
            ("memory", 1023, .weak(key: "iterations")), ("memory", 262_145, .unreasonable(key: "memory")),
            ("memory", .integer(.max), .unreasonable(key: "memory")),
            ("iterations", 0, .unreasonable(key: "iterations")),
            ("iterations", 1, .weak(key: "iterations")), ("iterations", 8_193, .unreasonable(key: "iterations")),
            ("iterations", .integer(.max), .unreasonable(key: "iterations")),
            ("iterations", .integer(.min), .unreasonable(key: "iterations")),
        ] as [(String, Value, AuthenticationError)])
    func boundsOfArgon2id(_ key: String, _ value: Value, _ error: AuthenticationError) {
        #expect(throws: error) {
            try self.join(.crossbar, Self.challenge(.crossbar, kdf: "argon2id-13", [key: value]), welcome: nil)
        }
    }

    @Test func namesThatCannotBePrepared() {
        #expect(throws: AuthenticationError.notPreparable) {
            try self.join(.crossbar, Self.challenge(.crossbar), authid: "e\u{301}", welcome: nil)
        }
        #expect(throws: AuthenticationError.notPreparable) {
            try self.join(.crossbar, Self.challenge(.crossbar), password: "\u{7}", welcome: nil)
        }
    }

    @Test func theOtherDialectIsNotAnswered() {
        #expect(throws: AuthenticationError.otherMethod) {
            try self.join(.crossbar, Self.challenge(.specification), welcome: nil)
        }
    }

    @Test func knowsWhatIsSlow() throws {
        let nonce = try self.nonceOctets()
        let few = try Self.scram(.crossbar).work(Self.challenge(.crossbar), nonce: nonce)
        #expect(!few.isSlow)
        let many = try Self.scram(.crossbar).work(
            Self.challenge(.crossbar, ["iterations": 1_000_000]), nonce: nonce)
        #expect(many.isSlow)
    }
}
