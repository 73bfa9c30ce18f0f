internal import Cryptography

/// The two ways to compute WAMP's SCRAM, which do not understand one another: the method's name says which it is.
package enum ScramDialect: String, Sendable, CaseIterable {
    /// Crossbar.io's and autobahn's.
    case crossbar = "scram"
    /// The specification's (advanced profile, section "Salted Challenge Response Authentication"), and Bondy's.
    case specification = "wamp-scram"

    /// What stands behind `c=`: the specification has the base64 of "no channel binding", as RFC 5802 has it.
    var channelBinding: String {
        switch self {
        case .crossbar: ""
        case .specification: "biws"
        }
    }

    /// A prepared authid as it stands behind `n=`.
    func name(_ authid: String) -> String {
        switch self {
        case .crossbar: authid
        case .specification: authid.replacing("=", with: "=3D").replacing(",", with: "=2C")
        }
    }

    /// The salted password of Argon2id's octets: Crossbar.io takes their base64 text, as it stands in Argon2's own format
    /// for passwords, without padding.
    func saltedPassword(argon2id octets: SecretBytes) -> SecretBytes {
        switch self {
        case .crossbar: Base64.encode(octets, isPadded: false)
        case .specification: octets
        }
    }

    /// What AUTHENTICATE has beside the proof.
    func extra(nonce: String) -> [String: Value] {
        switch self {
        case .crossbar: [:]
        case .specification: ["nonce": .string(nonce), "channel_binding": .null, "cbind_data": .null]
        }
    }
}
