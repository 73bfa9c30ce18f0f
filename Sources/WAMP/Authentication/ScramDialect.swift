internal import Cryptography

/// The two ways to compute WAMP's SCRAM, which are not compatible. The method's name says which one is meant.
package enum ScramDialect: String, Sendable, CaseIterable {
    /// Crossbar.io's and autobahn's.
    case crossbar = "scram"
    /// The specification's (advanced profile, section "Salted Challenge Response Authentication"), and Bondy's.
    case specification = "wamp-scram"

    /// The value of `c=`. The specification has the base64 of "no channel binding", like RFC 5802.
    var channelBinding: String {
        switch self {
        case .crossbar: ""
        case .specification: "biws"
        }
    }

    /// A prepared authid in the form that `n=` takes.
    func name(_ authid: String) -> String {
        switch self {
        case .crossbar: authid
        case .specification: authid.replacing("=", with: "=3D").replacing(",", with: "=2C")
        }
    }

    /// The salted password from Argon2id's octets: Crossbar.io takes their base64 text without padding, as in Argon2's
    /// own format for passwords.
    func saltedPassword(argon2id octets: SecretBytes) -> SecretBytes {
        switch self {
        case .crossbar: Base64.encode(octets, isPadded: false)
        case .specification: octets
        }
    }

    /// What AUTHENTICATE holds besides the proof.
    func extra(nonce: String) -> [String: Value] {
        switch self {
        case .crossbar: [:]
        case .specification: ["nonce": .string(nonce), "channel_binding": .null, "cbind_data": .null]
        }
    }
}
