package import Cryptography

/// What there is to do between a CHALLENGE and its answer. A value: it can be run on any thread.
package enum AuthenticationWork: Sendable {
    /// Nothing: the ticket is the answer.
    case ticket(SecretBytes)
    /// A keyed hash, and perhaps a key to be derived.
    case wampcra(WAMPCRA)
    /// A signature.
    case cryptosign(Cryptosign)
    /// A key to be derived, and a few hashes.
    case scram(Scram)

    /// From how many iterations of PBKDF2 on the work takes so long (some milliseconds) that it is not to be done on an
    /// event loop.
    static let manyIterations = 20_000

    /// True if it takes so long that it is not to be done on an event loop.
    package var isSlow: Bool {
        switch self {
        case .ticket, .cryptosign: false
        case .wampcra(let work): work.isSlow
        case .scram(let work): work.isSlow
        }
    }

    /// Does it.
    package func run() throws(AuthenticationError) -> AuthenticationAnswer {
        switch self {
        case .ticket(let ticket): AuthenticationAnswer(Authenticate(signature: ticket.text))
        case .wampcra(let work): AuthenticationAnswer(Authenticate(signature: try work.signature()))
        case .cryptosign(let work): AuthenticationAnswer(Authenticate(signature: try work.signature()))
        case .scram(let work): try work.answer()
        }
    }
}

/// The answer to a CHALLENGE, with what the router has to prove in return. Holds a secret (a ticket): never log it.
package struct AuthenticationAnswer: Sendable, Equatable {
    /// What is sent.
    let message: Authenticate
    /// What WELCOME is held against; nil where the method has nothing.
    let routerProof: RouterProof?

    init(_ message: Authenticate, routerProof: RouterProof? = nil) {
        self.message = message
        self.routerProof = routerProof
    }
}

/// What a router that knows the password signs, and nobody else.
struct RouterProof: Sendable, Equatable {
    private let signature: [UInt8]

    init(signature: [UInt8]) {
        self.signature = signature
    }

    /// The specification has the proof in `verifier`, behind `v=`; Crossbar.io in a key of its own.
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
