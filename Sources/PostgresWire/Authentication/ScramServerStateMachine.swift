import Cryptography

/// The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), with channel binding (`tls-server-end-point`) and without,
/// as in PostgreSQL: the user's name in the exchange is ignored, because the startup packet has given it.
///
/// - *protocol violation*: a malformed message, or a feature of the mechanism that we do not have: throws.
/// - *refused*: the proof is wrong, or there is no such user; reported in the same way at the same place.
struct ScramServerStateMachine {
    /// What the server answers.
    enum Answer: Equatable {
        /// The exchange continues.
        case challenge([UInt8])
        /// The client knows the password; this proves that we know it too.
        case accepted([UInt8])
        /// The client does not know the password.
        case refused
    }

    private enum State {
        case started
        case challenged(Challenge)
        case ended
    }

    /// The client's statement about its channel binding.
    enum Binding: Equatable {
        /// We have offered no binding: there is no TLS, or nothing to bind it with.
        case notOffered
        /// We have offered a binding, and the client has not chosen it.
        case notTaken
        /// Both ends bind with this.
        case endPoint([UInt8])
    }

    /// What the last message is checked against.
    private struct Challenge {
        /// The base64 of the first message's header, which the last message repeats.
        let binding: [UInt8]
        let firstBare: [UInt8]
        let answer: [UInt8]
        let nonce: [UInt8]
    }

    private var state = State.started
    private let verifier: ScramVerifier
    private let isGenuine: Bool
    private let nonce: [UInt8]
    private let binding: Binding

    private static let endPointHeader = Array("p=tls-server-end-point,,".utf8)

    /// - Parameters:
    ///   - isGenuine: false if no proof may be accepted.
    ///   - nonce: ours; printable, without comma, never used twice.
    ///   - binding: of the mechanism that the client has chosen.
    init(verifier: ScramVerifier, isGenuine: Bool, nonce: [UInt8], binding: Binding = .notOffered) {
        self.verifier = verifier
        self.isGenuine = isGenuine
        self.nonce = nonce
        self.binding = binding
    }

    /// Takes the client's next message.
    ///
    /// - Throws: the error for the client; the connection ends.
    mutating func received(_ message: [UInt8]) throws(WireError) -> Answer {
        switch self.state {
        case .started:
            let challenge = try self.challenge(for: message)
            self.state = .challenged(challenge)
            return .challenge(challenge.answer)
        case .challenged(let challenge):
            self.state = .ended
            return try self.judge(message, challenge)
        case .ended:
            throw Self.malformed("The exchange is over.")
        }
    }

    // MARK: - The first message: gs2-header, [extensions], n=user, r=nonce [, extensions]

    private func challenge(for message: [UInt8]) throws(WireError) -> Challenge {
        var rest = message[...]
        let binding = try self.bindingHeader(&rest)
        guard rest.popFirst() == UInt8(ascii: ",") else { throw Self.malformed("Comma expected.") }
        if rest.first == UInt8(ascii: "a") {
            throw WireError(.fatal, "0A000", "client uses authorization identity, but it is not supported")
        }
        guard rest.popFirst() == UInt8(ascii: ",") else { throw Self.malformed("Comma expected.") }
        let firstBare = Array(rest)
        if rest.first == UInt8(ascii: "m") {
            throw WireError(.fatal, "0A000", "client requires an unsupported SCRAM extension")
        }
        var attributes = Self.attributes(of: rest)
        _ = try Self.take("n", from: &attributes)
        let clientNonce = try Self.take("r", from: &attributes)
        guard !clientNonce.isEmpty, clientNonce.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Self.malformed("Non-printable characters in the nonce.")
        }
        try Self.checkExtensions(attributes)
        let nonce = clientNonce + self.nonce
        let answer =
            Array("r=".utf8) + nonce + Array(",s=".utf8) + Base64.encode(self.verifier.salt)
            + Array(",i=\(self.verifier.iterations)".utf8)
        return Challenge(binding: binding, firstBare: firstBare, answer: answer, nonce: nonce)
    }

    /// Takes the channel-binding flag.
    ///
    /// - Returns: what the last message must repeat of it, in base64, with the data that binds the channel.
    private func bindingHeader(_ rest: inout ArraySlice<UInt8>) throws(WireError) -> [UInt8] {
        switch (rest.first, self.binding) {
        case (UInt8(ascii: "n"), .notOffered), (UInt8(ascii: "n"), .notTaken):
            rest.removeFirst()
            return Array("biws".utf8)
        case (UInt8(ascii: "y"), .notOffered):
            rest.removeFirst()
            return Array("eSws".utf8)
        case (UInt8(ascii: "y"), .notTaken):
            // Somebody in between has removed our offer.
            throw WireError(
                .fatal, "28000", "SCRAM channel binding negotiation error",
                detail: "The client supports SCRAM channel binding but thinks the server does not.")
        case (UInt8(ascii: "p"), .endPoint(let endPoint)):
            let name = Self.endPointHeader.dropLast(2)
            guard rest.starts(with: name) else {
                throw Self.malformed("Unsupported channel-binding type.")
            }
            rest.removeFirst(name.count)
            return Base64.encode(Self.endPointHeader + endPoint)
        case (UInt8(ascii: "p"), .notOffered), (UInt8(ascii: "p"), .notTaken):
            throw Self.malformed(
                "The client selected SCRAM-SHA-256 without channel binding, but its message has channel binding data.")
        case (UInt8(ascii: "n"), .endPoint), (UInt8(ascii: "y"), .endPoint):
            throw Self.malformed(
                "The client selected SCRAM-SHA-256-PLUS, but its message has no channel binding data.")
        case (.some, _), (nil, _):
            throw Self.malformed("Unexpected channel-binding flag.")
        }
    }

    // MARK: - The last message: c=header, r=nonce [, extensions], p=proof

    private func judge(_ message: [UInt8], _ challenge: Challenge) throws(WireError) -> Answer {
        var attributes = Self.attributes(of: message[...])
        let binding = try Self.take("c", from: &attributes)
        let nonce = try Self.take("r", from: &attributes)
        guard let last = attributes.popLast(), last.starts(with: Array("p=".utf8)),
            let proof = Base64.decode(Array(last.dropFirst(2))), proof.count == SHA256.byteCount
        else { throw Self.malformed("The proof is missing or malformed.") }
        try Self.checkExtensions(attributes)
        guard binding == challenge.binding else {
            if case .endPoint = self.binding {
                // Another certificate than ours: somebody is in between.
                throw WireError(.fatal, "28000", "SCRAM channel binding check failed")
            }
            throw WireError.violation("unexpected SCRAM channel-binding attribute in client-final-message")
        }
        guard ConstantTime.areEqual(nonce, challenge.nonce) else {
            throw WireError.violation("invalid SCRAM response", detail: "The nonce does not match.")
        }
        let authMessage = Self.joined([
            challenge.firstBare, challenge.answer, Array(message.dropLast(last.count + 1)),
        ])
        do {
            let isRight = try self.verifier.keys.isProof(proof, of: authMessage)
            let answer = try self.verifier.keys.signature(of: authMessage)
            guard isRight, self.isGenuine else { return .refused }
            return .accepted(Array("v=".utf8) + Base64.encode(answer))
        } catch {
            throw WireError(.fatal, "XX000", error.description)
        }
    }

    // MARK: - Attributes

    private static func attributes(of message: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    }

    /// Takes the first attribute, which must have this name.
    private static func take(
        _ name: Unicode.Scalar, from attributes: inout [ArraySlice<UInt8>]
    ) throws(WireError) -> [UInt8] {
        guard let first = attributes.first, first.starts(with: [UInt8(ascii: name), UInt8(ascii: "=")]) else {
            throw Self.malformed("Attribute \"\(name)\" expected.")
        }
        attributes.removeFirst()
        return Array(first.dropFirst(2))
    }

    /// Unknown attributes are allowed, and ignored.
    private static func checkExtensions(_ attributes: [ArraySlice<UInt8>]) throws(WireError) {
        for attribute in attributes {
            guard let name = attribute.first, attribute.dropFirst().first == UInt8(ascii: "="),
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(name | 0x20)
            else { throw Self.malformed("Attribute expected.") }
        }
    }

    private static func joined(_ parts: [[UInt8]]) -> [UInt8] {
        Array(parts.joined(separator: [UInt8(ascii: ",")]))
    }

    private static func malformed(_ detail: String) -> WireError {
        .violation("malformed SCRAM message", detail: detail)
    }
}
