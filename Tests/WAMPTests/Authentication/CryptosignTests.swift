import Cryptography
import NIOCore
import Testing

@testable import WAMP

@Suite struct CryptosignTests {
    private static let publicKey = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    private static let text = Hexadecimal.encode(Array(0x20..<0x40))
    private static let channelID = [UInt8](repeating: 0xAA, count: 32)

    private let plain: Authentication
    private let bound: Authentication

    init() throws {
        let key = try Ed25519PrivateKey(seed: SecretBytes(Array(0..<32)))
        self.plain = .cryptosign(authid: "joe", key: key, isChannelBound: false)
        self.bound = .cryptosign(authid: nil, key: key, isChannelBound: true)
    }

    private func challenge(_ extra: [String: Value]) -> Challenge {
        Challenge(method: "cryptosign", extra: Details(extra))
    }

    @Test func saysHello() throws {
        let plain = try self.plain.hello()
        #expect(plain.methods == ["cryptosign"])
        #expect(plain.authid == "joe")
        #expect(plain.authextra == ["pubkey": .string(Self.publicKey)])
        let bound = try self.bound.hello(channelID: Self.channelID)
        #expect(bound.authid == nil)
        #expect(bound.authextra == ["pubkey": .string(Self.publicKey), "channel_binding": "tls-unique"])
        #expect(throws: AuthenticationError.noChannel) { try self.bound.hello() }
    }

    @Test func signs() throws {
        let expected = Authenticate(
            signature: "46fc09cc6f1d97d241e1b7a6fd1e46f788e6841d25eabbf3b5a9a44590086187"
                + "e42bedd04abff976d21e0387600b49f2552012e4a9bc4b15966a82b444db3001" + Self.text)
        for extra: [String: Value] in [
            ["challenge": .string(Self.text)], ["challenge": .string(Self.text), "channel_binding": .null],
            ["challenge": .string(Self.text.uppercased()), "other": 1],
        ] {
            #expect(try self.plain.answer(self.challenge(extra)) == expected)
        }
        // TLS alone changes nothing.
        #expect(
            try self.plain.answer(self.challenge(["challenge": .string(Self.text)]), channelID: Self.channelID)
                == expected)
    }

    @Test func signsForTheConnection() throws {
        let extra: [String: Value] = ["challenge": .string(Self.text), "channel_binding": "tls-unique"]
        #expect(
            try self.bound.answer(self.challenge(extra), channelID: Self.channelID).signature
                == "221f75bb5d8931829717de21b5852b987f999e4aace5b6046a01b97c66abf094"
                + "fbaa1962bbfae754e05d0f8f763f93b9854a7d23fb5d728377abdaaa08203308"
                + Hexadecimal.encode((0x20..<0x40).map { $0 ^ 0xAA }))
        #expect(throws: AuthenticationError.noChannel) {
            try self.bound.answer(self.challenge(extra), channelID: [1, 2, 3])
        }
    }

    @Test(arguments: [.null, "tls-exporter", "", 1, true] as [Value])
    func theBindingIsConfirmed(_ binding: Value) {
        let extra: [String: Value] = ["challenge": .string(Self.text), "channel_binding": binding]
        #expect(throws: AuthenticationError.otherChannelBinding) {
            try self.bound.answer(self.challenge(extra), channelID: Self.channelID)
        }
    }

    @Test func theBindingIsNotForcedOnUs() {
        let extra: [String: Value] = ["challenge": .string(Self.text), "channel_binding": "tls-unique"]
        #expect(throws: AuthenticationError.otherChannelBinding) {
            try self.plain.answer(self.challenge(extra), channelID: Self.channelID)
        }
        #expect(throws: AuthenticationError.otherChannelBinding) {
            try self.bound.answer(
                self.challenge(["challenge": .string(Self.text)]), channelID: Self.channelID)
        }
    }

    @Test(arguments: [.null, 1, "", "20", "zz", .string(text + "00"), .string(text + text)] as [Value])
    func refusesMalformedChallenges(_ value: Value) {
        #expect(throws: AuthenticationError.malformedChallenge(key: "challenge")) {
            try self.plain.answer(self.challenge(["challenge": value]))
        }
    }
}
