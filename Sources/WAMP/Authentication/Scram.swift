internal import Cryptography

/// WAMP's SCRAM with SHA-256 (RFC 5802, RFC 7677), without channel binding: our proof that we know the password, and
/// the proof that the router owes in return.
///
/// The router says how much work a guess of the password takes, so it is bounded both ways: a false router must neither
/// get a proof that is cheap to guess from, nor keep us busy.
/// must neither get a proof that is cheap to guess from, nor keep us busy.
package struct Scram: Sendable {
    /// The bounds of PBKDF2's iterations; the lower is RFC 7677's.
    static let iterations: ClosedRange<Int64> = 4_096...10_000_000
    /// The bounds of Argon2id's memory, in KiB.
    static let memory: ClosedRange<Int64> = 64...262_144
    /// The bounds of Argon2id's iterations times its memory, in KiB: all the memory that is passed over. Crossbar.io's
    /// own tools use 4,096 times 512.
    static let passes: ClosedRange<Int64> = 2_048...8_388_608
    /// The fewest octets of a salt.
    static let leastSalt = 8
    /// The longest nonce, in characters.
    static let longestNonce = 1_024

    private enum Derivation: Sendable {
        case pbkdf2(iterations: Int)
        case argon2id(iterations: Int, memory: Int)
    }

    private let password: SecretBytes
    private let dialect: ScramDialect
    private let derivation: Derivation
    private let salt: [UInt8]
    /// The router's nonce, which begins with ours.
    private let nonce: String
    private let authMessage: [UInt8]

    init(
        authid: String, password: SecretBytes, dialect: ScramDialect, nonce: String, extra: Details
    ) throws(AuthenticationError) {
        guard let name = try? SASLPrep.prepare(authid), let password = try? SASLPrep.prepare(password) else {
            throw .notPreparable
        }
        guard let combined = extra.string("nonce"),
            combined.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }),
            combined.utf8.count <= Self.longestNonce
        else { throw .malformedChallenge(key: "nonce") }
        guard !nonce.isEmpty, combined.hasPrefix(nonce), combined.utf8.count > nonce.utf8.count else {
            throw .otherNonce
        }
        guard let saltText = extra.string("salt"), let salt = Base64.decode(Array(saltText.utf8)) else {
            throw .malformedChallenge(key: "salt")
        }
        guard salt.count >= Self.leastSalt else { throw .weak(key: "salt") }
        guard let iterations = extra.integer("iterations") else { throw .malformedChallenge(key: "iterations") }
        self.password = password
        self.dialect = dialect
        self.derivation = try Self.derivation(iterations: iterations, extra)
        self.salt = salt
        self.nonce = combined
        let parts = [
            "n=\(dialect.name(name))", "r=\(nonce)", "r=\(combined)", "s=\(saltText)", "i=\(iterations)",
            "c=\(dialect.channelBinding)", "r=\(combined)",
        ]
        self.authMessage = Array(parts.joined(separator: ",").utf8)
    }

    /// Few iterations of PBKDF2 take no time; Argon2id always does.
    var isSlow: Bool {
        switch self.derivation {
        case .pbkdf2(let iterations): iterations > AuthenticationWork.manyIterations
        case .argon2id: true
        }
    }

    func answer() throws(AuthenticationError) -> AuthenticationAnswer {
        do {
            let keys = try ScramClientKeys(saltedPassword: try self.saltedPassword())
            let proof = Base64.encode(try keys.proof(of: self.authMessage))
            return AuthenticationAnswer(
                Authenticate(
                    signature: String(decoding: proof, as: UTF8.self), extra: self.dialect.extra(nonce: self.nonce)),
                routerProof: RouterProof(signature: try keys.serverSignature(of: self.authMessage)))
        } catch {
            throw .cryptography
        }
    }

    private func saltedPassword() throws(CryptographyError) -> SecretBytes {
        switch self.derivation {
        case .pbkdf2(let iterations):
            try PBKDF2.sha256(
                password: self.password, salt: self.salt, iterations: iterations, byteCount: SHA256.byteCount)
        case .argon2id(let iterations, let memory):
            self.dialect.saltedPassword(
                argon2id: try Argon2id.key(
                    password: self.password, salt: self.salt, iterations: iterations, memory: memory,
                    byteCount: SHA256.byteCount))
        }
    }

    /// What the router asks for, within bounds. The specification and Crossbar.io name Argon2id differently.
    private static func derivation(iterations: Int64, _ extra: Details) throws(AuthenticationError) -> Derivation {
        guard let name = extra.string("kdf") else { throw .malformedChallenge(key: "kdf") }
        switch name {
        case "pbkdf2":
            try Self.check(iterations, in: Self.iterations, key: "iterations")
            return .pbkdf2(iterations: Int(iterations))
        case "argon2id13", "argon2id-13":
            guard let memory = extra.integer("memory") else { throw .malformedChallenge(key: "memory") }
            guard iterations >= 1, iterations <= Self.passes.upperBound else {
                throw .unreasonable(key: "iterations")
            }
            try Self.check(memory, in: Self.memory, key: "memory")
            try Self.check(iterations * memory, in: Self.passes, key: "iterations")
            guard Argon2id.isAvailable else { throw .noArgon2id }
            return .argon2id(iterations: Int(iterations), memory: Int(memory))
        default:
            throw .unknownDerivation
        }
    }

    private static func check(
        _ number: Int64, in bounds: ClosedRange<Int64>, key: String
    ) throws(AuthenticationError) {
        guard number >= bounds.lowerBound else { throw .weak(key: key) }
        guard number <= bounds.upperBound else { throw .unreasonable(key: key) }
    }
}
