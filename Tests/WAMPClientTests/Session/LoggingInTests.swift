import Cryptography
import NIOCore
import NIOEmbedded
import Testing
import WAMP

@testable import WAMPClient

/// From HELLO to WELCOME, over an embedded channel.
@Suite struct LoggingInTests {
    typealias Setup = ConnectionTests.Setup

    private func ticket(_ configuration: inout RouterConfiguration) {
        configuration.authentication = .ticket(authid: "me", ticket: SecretBytes("geheim"))
    }

    @Test(arguments: ["rs://127.0.0.1:1", "rs://localhost:1"]) func ticket(_ url: String) throws {
        let setup = try Setup(url) { self.ticket(&$0) }
        let hello = try setup.sent()
        #expect(hello.first?.contains(#""authid":"me""#) == true)
        #expect(hello.first?.contains("geheim") == false)
        try setup.receive(#"[4,"ticket",{}]"#)
        #expect(try setup.sent() == [#"[5,"geheim",{}]"#])
        try setup.receive(#"[2,1,{"roles":{}}]"#)
        #expect(setup.user.session != nil)
    }

    /// However the URL passed the checks: the name belongs to another host, or led to one.
    @Test(arguments: [
        ("rs://router.example.com:1", "192.0.2.1"), ("rs://localhost:1", "192.0.2.1"),
        ("rs://localhost:1", "2001:db8::1"),
        ("rs://192.0.2.1:1", "127.0.0.1"),
    ])
    func noTicketUnencryptedToAnotherHost(_ url: String, _ address: String) throws {
        let setup = try Setup(url, address: address) { self.ticket(&$0) }
        #expect(try setup.sent().isEmpty)
        #expect(!setup.channel.isActive)
        #expect(setup.user.fault?.code == .untrusted)
        #expect(setup.user.fault?.message.contains("router.insecure") == true)
        let insecure = try Setup(url, address: address) {
            self.ticket(&$0)
            $0.isInsecure = true
        }
        #expect(try insecure.sent().count == 1)
    }

    @Test func otherProofsMayBeSeen() throws {
        let setup = try Setup("rs://router.example.com:1", address: "192.0.2.1") {
            $0.authentication = .wampcra(authid: "me", secret: SecretBytes("geheim"))
        }
        #expect(try setup.sent().count == 1)
    }

    @Test func challengeThatWasNotOffered() throws {
        let setup = try Setup("rs://h:1")
        _ = try setup.sent()
        try setup.receive(#"[4,"ticket",{}]"#)
        #expect(try setup.sent().first?.contains("wamp.error.no_matching_auth_method") == true)
        #expect(setup.user.fault?.code == .credentials)
        #expect(!setup.channel.isActive)
    }

    @Test func aBindingNeedsTLS() throws {
        let key = try Ed25519PrivateKey(seed: SecretBytes(Array(0..<32)))
        let setup = try Setup {
            $0.authentication = .cryptosign(authid: "me", key: key, isChannelBound: true)
        }
        #expect(try setup.sent().isEmpty)
        #expect(setup.user.fault?.code == .credentials)
        #expect(setup.user.fault?.message.contains("channel_binding needs a TLS connection") == true)
    }

    @Test func theProofIsBoundToTheConnection() throws {
        let key = try Ed25519PrivateKey(seed: SecretBytes(Array(0..<32)))
        let setup = try Setup(channelID: [UInt8](repeating: 0xAA, count: 32)) {
            $0.authentication = .cryptosign(authid: "me", key: key, isChannelBound: true)
        }
        #expect(try setup.sent().first?.contains(#""channel_binding":"tls-unique""#) == true)
        let challenge = Hexadecimal.encode(Array(0x20..<0x40))
        try setup.receive(#"[4,"cryptosign",{"challenge":"\#(challenge)","channel_binding":"tls-unique"}]"#)
        let signed = Hexadecimal.encode((0x20..<0x40).map { $0 ^ 0xAA })
        #expect(try setup.sent().first?.hasSuffix(#"\#(signed)",{}]"#) == true)
    }

    @Test func theBindingHasToBeTheSame() throws {
        let key = try Ed25519PrivateKey(seed: SecretBytes(Array(0..<32)))
        let setup = try Setup {
            $0.authentication = .cryptosign(authid: "me", key: key, isChannelBound: false)
        }
        #expect(try setup.sent().first?.contains(key.publicKeyText) == true)
        let challenge = String(repeating: "00", count: 32)
        try setup.receive(#"[4,"cryptosign",{"challenge":"\#(challenge)","channel_binding":"tls-unique"}]"#)
        #expect(try setup.sent().first?.contains("wamp.error.authentication_failed") == true)
        #expect(setup.user.fault?.code == .untrusted)
        #expect(setup.user.fault?.message.hasPrefix("is not trusted: ") == true)
    }

    // MARK: - SCRAM, with the server's half of the computation

    private static let password = "geheim"

    /// Runs up to the answer to the challenge, and returns the router's right proof.
    private func scram() throws -> (Setup, proof: String) {
        let setup = try Setup {
            $0.authentication = .scram(authid: "me", password: SecretBytes(Self.password), dialect: .crossbar)
        }
        let hello = try #require(try setup.sent().first)
        let behind = try #require(hello.split(separator: #""nonce":""#).last)
        let nonce = String(try #require(behind.split(separator: "\"").first))
        let salt = [UInt8](repeating: 3, count: 16)
        let saltText = String(decoding: Base64.encode(salt), as: UTF8.self)
        try setup.receive(
            #"[4,"scram",{"nonce":"\#(nonce)abcd","salt":"\#(saltText)","kdf":"pbkdf2","iterations":4096,"memory":0}]"#)
        let keys = try ScramServerKeys(
            saltedPassword: PBKDF2.sha256(
                password: SecretBytes(Self.password), salt: salt, iterations: 4096, byteCount: 32))
        let authMessage = Array("n=me,r=\(nonce),r=\(nonce)abcd,s=\(saltText),i=4096,c=,r=\(nonce)abcd".utf8)
        let answer = try #require(try setup.sent().first)
        let proof = try #require(answer.split(separator: "\"").dropFirst().first)
        #expect(try keys.isProof(try #require(Base64.decode(Array(proof.utf8))), of: authMessage))
        return (setup, String(decoding: Base64.encode(try keys.signature(of: authMessage)), as: UTF8.self))
    }

    @Test func theRouterProvesItself() throws {
        let (setup, proof) = try self.scram()
        try setup.receive(#"[2,1,{"roles":{},"authextra":{"scram_server_signature":"\#(proof)"}}]"#)
        #expect(setup.user.session != nil)
    }

    @Test(arguments: ["", #","authextra":{"scram_server_signature":"AAAA"}"#, #","authextra":null"#])
    func aRouterThatDoesNotIsLeft(_ extra: String) throws {
        let (setup, _) = try self.scram()
        try setup.receive(#"[2,1,{"roles":{}\#(extra)}]"#)
        #expect(setup.user.session == nil)
        #expect(setup.user.fault?.code == .untrusted)
        #expect(try setup.sent().first?.contains("wamp.error.authentication_failed") == true)
        #expect(!setup.channel.isActive)
    }

    // MARK: - The router's refusals

    @Test(arguments: [
        (#"[3,{},"wamp.error.authentication_failed",["invalid ticket"]]"#, "authentication_failed (invalid ticket);"),
        (#"[3,{"message":"no"},"wamp.error.authentication_failed",["x"]]"#, "authentication_failed (no);"),
        (#"[3,{},"wamp.error.authentication_failed",[1]]"#, "authentication_failed;"),
        (#"[3,{},"wamp.error.authentication_failed",[]]"#, "authentication_failed;"),
    ])
    func whySomebodyIsRefused(_ abort: String, _ text: String) throws {
        let setup = try Setup()
        try setup.receive(abort)
        #expect(setup.user.fault?.message.contains(text) == true, "\(setup.user.fault?.message ?? "")")
    }

    @Test func refusalsSayWhatToLookAt() throws {
        let key = try Ed25519PrivateKey(seed: SecretBytes(Array(0..<32)))
        let all: [(Authentication, String)] = [
            (.anonymous(authid: nil), "does it offer 'anonymous' here, and may this realm be joined without a proof?"),
            (.ticket(authid: "me", ticket: SecretBytes("geheim")), "are authid and ticket right?"),
            (.wampcra(authid: "me", secret: SecretBytes("geheim")), "are authid and secret right?"),
            (
                .scram(authid: "me", password: SecretBytes("geheim"), dialect: .specification),
                "does it offer 'wamp-scram' here, and are authid and secret right?"
            ),
            (.cryptosign(authid: "me", key: key, isChannelBound: false), "with this public key: 03a107bff3ce"),
            (.tls(authid: nil), "does it know the client certificate?"),
        ]
        for (authentication, advice) in all {
            let setup = try Setup("rs://127.0.0.1:1") { $0.authentication = authentication }
            try setup.receive(#"[3,{"message":"no"},"wamp.error.not_authorized"]"#)
            #expect(setup.user.fault?.code == .credentials)
            #expect(setup.user.fault?.message.contains(advice) == true, "\(setup.user.fault?.message ?? "")")
            #expect(setup.user.fault?.message.contains("geheim") == false)
        }
    }
}
