internal import Cryptography

/// WAMP-Cryptosign (advanced profile, section "Cryptosign-based Authentication"): an Ed25519 signature of the
/// challenge, which may be bound to the TLS connection.
package struct Cryptosign: Sendable {
    /// The only channel binding that routers support.
    static let channelBinding = "tls-unique"
    private static let challengeByteCount = 32

    private let key: Ed25519PrivateKey
    private let message: [UInt8]

    /// The `authextra` of HELLO. Crossbar.io compares the public key as text, in lower case.
    static func extra(key: Ed25519PrivateKey, isChannelBound: Bool) -> [String: Value] {
        var extra: [String: Value] = ["pubkey": .string(key.publicKeyText)]
        if isChannelBound { extra["channel_binding"] = .string(self.channelBinding) }
        return extra
    }

    init(
        key: Ed25519PrivateKey, channelID: [UInt8]?, isChannelBound: Bool, extra: Details
    ) throws(AuthenticationError) {
        guard let text = extra.string("challenge"), let challenge = Hexadecimal.decode(text),
            challenge.count == Self.challengeByteCount
        else { throw .malformedChallenge(key: "challenge") }
        let confirmed: Bool
        switch extra["channel_binding"] {
        case nil, .null: confirmed = false
        case .string(Self.channelBinding): confirmed = true
        case .string, .bool, .integer, .double, .binary, .list, .dictionary: throw .otherChannelBinding
        }
        guard confirmed == isChannelBound else { throw .otherChannelBinding }
        self.key = key
        guard isChannelBound else {
            self.message = challenge
            return
        }
        guard let channelID, channelID.count == Self.challengeByteCount else { throw .noChannel }
        self.message = zip(challenge, channelID).map { $0 ^ $1 }
    }

    /// The signature and what it signs, in hexadecimal digits.
    func signature() throws(AuthenticationError) -> String {
        guard let signature = try? self.key.sign(self.message) else { throw .cryptography }
        return Hexadecimal.encode(signature + self.message)
    }
}
