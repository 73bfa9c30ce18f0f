package import Cryptography

/// The work between a CHALLENGE and its answer. A value, which can be run on any thread.
package enum AuthenticationWork: Sendable {
    /// No work: the ticket is the answer.
    case ticket(SecretBytes)
    /// A keyed hash, after the derivation of a key if the router salts.
    case wampcra(WAMPCRA)
    /// A signature.
    case cryptosign(Cryptosign)
    /// The derivation of a key, and a few hashes.
    case scram(Scram)

    /// With so many iterations of PBKDF2, or more, the work takes some milliseconds: too long for an event loop.
    static let manyIterations = 20_000

    /// True if the work takes too long for an event loop.
    package var isSlow: Bool {
        switch self {
        case .ticket, .cryptosign: false
        case .wampcra(let work): work.isSlow
        case .scram(let work): work.isSlow
        }
    }

    /// Does the work.
    package func run() throws(AuthenticationError) -> AuthenticationAnswer {
        switch self {
        case .ticket(let ticket): AuthenticationAnswer(Authenticate(signature: ticket.text))
        case .wampcra(let work): AuthenticationAnswer(Authenticate(signature: try work.signature()))
        case .cryptosign(let work): AuthenticationAnswer(Authenticate(signature: try work.signature()))
        case .scram(let work): try work.answer()
        }
    }
}

/// The answer to a CHALLENGE, and the proof that the router owes in return. Holds a secret (a ticket): never log it.
package struct AuthenticationAnswer: Sendable, Equatable {
    /// What is sent.
    let message: Authenticate
    /// What WELCOME must prove; nil if the method lets the router prove nothing.
    let routerProof: RouterProof?

    init(_ message: Authenticate, routerProof: RouterProof? = nil) {
        self.message = message
        self.routerProof = routerProof
    }
}

/// The signature that only a router with the password can make.
struct RouterProof: Sendable, Equatable {
    private let signature: [UInt8]

    init(signature: [UInt8]) {
        self.signature = signature
    }

    /// The specification puts the proof into `verifier`, behind `v=`; Crossbar.io uses a separate key.
    func check(_ welcome: Welcome) throws(AuthenticationError) {
        let extra = welcome.details.details("authextra")
        guard let text = extra?.string("scram_server_signature") ?? extra?.string("verifier") else {
            throw .routerUnproven
        }
        let base64 = text.hasPrefix("v=") ? text.dropFirst(2) : text[...]
        guard let claimed = Base64.decode(Array(base64.utf8)), ConstantTime.areEqual(claimed, self.signature) else {
            throw .routerWrong
        }
    }
}
