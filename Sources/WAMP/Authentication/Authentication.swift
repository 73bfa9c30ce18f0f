internal import Cryptography

/// How the sidecar proves to a router who it is: what HELLO says, and the answer to each CHALLENGE.
///
/// Its description shows no secret.
package enum Authentication: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// No proof at all; some routers let an authid be chosen.
    case anonymous(authid: String?)
    /// A password in the clear.
    case ticket(authid: String, ticket: String)
    /// A signature of the router's challenge with a shared secret, which may be salted.
    case wampcra(authid: String, secret: String)

    /// The greatest number of iterations that a router may ask for.
    package static let mostIterations: Int64 = 10_000_000
    /// The greatest key, in octets, that a router may ask for.
    package static let greatestKey: Int64 = 512
    /// From how many iterations on an answer takes so long (some milliseconds) that it is not to be computed on an
    /// event loop.
    package static let manyIterations: Int64 = 20_000

    /// The method's name in HELLO and CHALLENGE.
    package var method: String {
        switch self {
        case .anonymous: "anonymous"
        case .ticket: "ticket"
        case .wampcra: "wampcra"
        }
    }

    /// Who we say we are.
    package var authid: String? {
        switch self {
        case .anonymous(let authid): authid
        case .ticket(let authid, _), .wampcra(let authid, _): authid
        }
    }

    /// True if what is sent must not be read by others: it must not go over plain TCP to another host.
    package var revealsSecret: Bool {
        switch self {
        case .anonymous, .wampcra: false
        case .ticket: true
        }
    }

    /// The HELLO that begins with this.
    package func hello(realm: Realm, agent: String) -> Hello {
        Hello(realm: realm, agent: agent, methods: [self.method], authid: self.authid)
    }

    /// True if the answer takes so long that it is not to be computed on an event loop.
    package func isSlow(_ challenge: Challenge) -> Bool {
        switch self {
        case .anonymous, .ticket: false
        case .wampcra: (challenge.extra.integer("iterations") ?? 0) > Self.manyIterations
        }
    }

    /// The answer to a CHALLENGE.
    package func answer(to challenge: Challenge) throws(AuthenticationError) -> Authenticate {
        guard challenge.method == self.method else { throw .otherMethod }
        switch self {
        case .anonymous: throw .otherMethod
        case .ticket(_, let ticket): return Authenticate(signature: ticket)
        case .wampcra(_, let secret):
            let signature = try WAMPCRA.signature(secret: secret, extra: challenge.extra)
            return Authenticate(signature: signature)
        }
    }

    /// The method and who we say we are, no secret.
    package var description: String {
        guard let authid = self.authid else { return self.method }
        return "\(self.method) as \(authid)"
    }

    /// As ``description``.
    package var debugDescription: String { self.description }

    /// Shows no secret to `dump` either.
    package var customMirror: Mirror { Mirror(self, children: ["method": self.method]) }
}
