import Cryptography
import PostgresClientEnd
import Testing

@testable import PostgresWire

@Suite("SCRAM-SHA-256, the server's side")
struct ScramServerTests {
    private static let serverNonce = Array("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".utf8)

    private func machine(
        password: String = "pencil", isGenuine: Bool = true, binding: ScramServerStateMachine.Binding = .notOffered
    ) throws -> ScramServerStateMachine {
        let salt = try #require(Base64.decode(Array("W22ZaJ0SNY7soEsUEjb6gQ==".utf8)))
        return ScramServerStateMachine(
            verifier: try ScramVerifier(password: SecretBytes(password), salt: salt, iterations: 4096),
            isGenuine: isGenuine, nonce: Self.serverNonce, binding: binding)
    }

    private static let first = Array("n,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8)
    private static let challenge = Array(
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".utf8)
    private static let last = Array(
        ("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").utf8)
    private static let signature = Array("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8)

    @Test("the example of RFC 7677")
    func vector() throws {
        var machine = try self.machine()
        #expect(try machine.received(Self.first) == .challenge(Self.challenge))
        #expect(try machine.received(Self.last) == .accepted(Self.signature))
        #expect(throws: WireError.self) { try machine.received(Self.last) }
    }

    @Test("a wrong password and an unknown user are refused in the same way, at the same place")
    func refused() throws {
        var wrong = try self.machine(password: "pen")
        #expect(try wrong.received(Self.first) == .challenge(Self.challenge))
        #expect(try wrong.received(Self.last) == .refused)
        var nobody = try self.machine(isGenuine: false)
        #expect(try nobody.received(Self.first) == .challenge(Self.challenge))
        #expect(try nobody.received(Self.last) == .refused)
    }

    @Test("a client that could bind channels is admitted like one that can't")
    func header() throws {
        var machine = try self.machine()
        let client = ScramClient(password: "pencil", header: "y,,")
        guard case .challenge(let challenge) = try machine.received(client.first) else {
            Issue.record("no challenge")
            return
        }
        let (message, signature) = try client.final(for: challenge)
        #expect(try machine.received(message) == .accepted(signature))
    }

    @Test("a channel is bound by the same certificate at both ends")
    func bound() throws {
        let header = "p=tls-server-end-point,,"
        for (certificate, isRight) in [([1, 2, 3], true), ([1, 2, 4], false), ([], false)] as [([UInt8], Bool)] {
            var machine = try self.machine(binding: .endPoint([1, 2, 3]))
            let client = ScramClient(password: "pencil", header: header, binding: certificate)
            guard case .challenge(let challenge) = try machine.received(client.first) else {
                Issue.record("no challenge")
                return
            }
            let (message, signature) = try client.final(for: challenge)
            if isRight {
                #expect(try machine.received(message) == .accepted(signature))
            } else {
                let error = #expect(throws: WireError.self) { try machine.received(message) }
                #expect(error?.code == "28000")
            }
        }
    }

    @Test(
        "a flag that does not fit the mechanism is refused, and the removal of an offer is detected")
    func flags() throws {
        for (binding, flag) in [
            (.endPoint([1]), "n"), (.endPoint([1]), "y"), (.endPoint([1]), "p=tls-unique"), (.notTaken, "y"),
            (.notTaken, "p=tls-server-end-point"), (.notOffered, "p=tls-server-end-point"),
        ] as [(ScramServerStateMachine.Binding, String)] {
            var machine = try self.machine(binding: binding)
            #expect(throws: WireError.self) { try machine.received(Array("\(flag),,n=,r=a".utf8)) }
        }
        var machine = try self.machine(binding: .notTaken)
        guard case .challenge = try machine.received(Self.first) else {
            Issue.record("a client without channel binding is not admitted")
            return
        }
    }

    @Test("a last message that does not repeat the header is refused")
    func tampered() throws {
        var machine = try self.machine()
        _ = try machine.received(Array("y,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8))
        #expect(throws: WireError.self) { try machine.received(Self.last) }
    }

    @Test(
        "malformed first messages",
        arguments: [
            "", "n", "n,", "x,,n=,r=a", "p=tls-unique,,n=,r=a", "n,a=admin,n=,r=a", "n,,m=x,n=,r=a", "n,,r=a", "n,,n=",
            "n,,n=,r=", "n,,n=,r=a b", "n,,n=,r=a,", "n,,n=,r=a,1=x", "n,,n=,r=a\0",
        ])
    func firstMessages(text: String) throws {
        var machine = try self.machine()
        #expect(throws: WireError.self) { try machine.received(Array(text.utf8)) }
    }

    @Test(
        "malformed last messages",
        arguments: [
            "", "c=biws", "c=biws,r=NONCE", "c=biws,r=NONCE,p=", "c=biws,r=NONCE,p=AA==", "r=NONCE,c=biws,PROOF",
            "c=biws,r=NONCEx,PROOF", "c=biws,r=,PROOF", "c=eSws,r=NONCE,PROOF", "c=biws,r=NONCE,PROOF,x=y",
            "c=biws,r=NONCE,=,PROOF", "c=biws,r=NONCE,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ",
        ])
    func lastMessages(text: String) throws {
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        let proof = "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        var machine = try self.machine()
        _ = try machine.received(Self.first)
        let message = Self.replaced(Self.replaced(text, "NONCE", nonce), "PROOF", proof)
        #expect(throws: WireError.self) { try machine.received(Array(message.utf8)) }
    }

    @Test("optional extensions are ignored, and the proof covers them")
    func extensions() throws {
        var machine = try self.machine()
        #expect(try machine.received(Self.first + Array(",x=y".utf8)) == .challenge(Self.challenge))
        #expect(try machine.received(Self.last) == .refused)
    }

    private static func replaced(_ text: String, _ word: String, _ other: String) -> String {
        guard let range = text.firstRange(of: word) else { return text }
        return text.replacingCharacters(in: range, with: other)
    }
}

extension String {
    fileprivate func firstRange(of word: String) -> Range<String.Index>? {
        self.indices.first { self[$0...].hasPrefix(word) }
            .map { $0..<self.index($0, offsetBy: word.count) }
    }

    fileprivate func replacingCharacters(in range: Range<String.Index>, with other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
