internal import Cryptography
package import Names

/// One attempt to log in: what HELLO says, the answer to each CHALLENGE, and whether WELCOME comes from the right
/// router.
///
/// Without I/O: the driver sends what it is given, and runs the work between a challenge and its answer where that
/// blocks nobody. Bad input is a *protocol violation* of the router: an ``AuthenticationError`` is thrown, and the
/// session is not joined.
package struct AuthenticationStateMachine: ~Copyable {
    private enum State {
        /// Nothing was sent.
        case idle
        /// HELLO was sent, with this nonce if the method has one.
        case greeted(nonce: String?)
        /// The challenge was answered. WELCOME must prove this if the method lets the router prove itself.
        case answered(RouterProof?)
    }

    private var state = State.idle
    private let authentication: Authentication
    private let channelID: [UInt8]?
    private let makeNonce: () -> [UInt8]?

    /// The length of a nonce in octets. It is a multiple of 3, so that its base64 is the beginning of the base64 of the
    /// router's nonce, which appends its own octets.
    package static let nonceByteCount = 18

    /// - Parameters:
    ///   - channelID: identifies the TLS connection (`tls-unique`); nil without TLS.
    ///   - makeNonce: makes octets that nobody can predict; nil if the machine has none.
    package init(
        _ authentication: Authentication, channelID: [UInt8]?,
        makeNonce: @escaping () -> [UInt8]? = {
            try? SecureRandom.bytes(count: AuthenticationStateMachine.nonceByteCount)
        }
    ) {
        self.authentication = authentication
        self.channelID = channelID
        self.makeNonce = makeNonce
    }

    /// The HELLO to begin with. If this throws, nothing may be sent.
    package mutating func hello(realm: Realm, agent: String) throws(AuthenticationError) -> Hello {
        var hello = Hello(
            realm: realm, agent: agent, methods: [self.authentication.method], authid: self.authentication.authid)
        var nonce: String?
        switch self.authentication {
        case .anonymous, .ticket, .wampcra, .tls:
            break
        case .cryptosign(_, let key, let isChannelBound):
            guard !isChannelBound || self.channelID != nil else { throw .noChannel }
            hello.authextra = Cryptosign.extra(key: key, isChannelBound: isChannelBound)
        case .scram:
            guard let octets = self.makeNonce() else { throw .cryptography }
            let text = String(decoding: Base64.encode(octets), as: UTF8.self)
            nonce = text
            hello.authextra = ["nonce": .string(text), "channel_binding": .null]
        }
        self.state = .greeted(nonce: nonce)
        return hello
    }

    /// The work that the answer to a CHALLENGE takes.
    package func work(for challenge: Challenge) throws(AuthenticationError) -> AuthenticationWork {
        guard challenge.method == self.authentication.method else { throw .otherMethod }
        let nonce: String?
        switch self.state {
        case .idle: throw .otherMethod
        case .greeted(let text): nonce = text
        case .answered: throw .secondChallenge
        }
        switch self.authentication {
        case .anonymous, .tls:
            throw .otherMethod
        case .ticket(_, let ticket):
            return .ticket(ticket)
        case .wampcra(_, let secret):
            return .wampcra(try WAMPCRA(secret: secret, extra: challenge.extra))
        case .cryptosign(_, let key, let isChannelBound):
            return .cryptosign(
                try Cryptosign(
                    key: key, channelID: isChannelBound ? self.channelID : nil, isChannelBound: isChannelBound,
                    extra: challenge.extra))
        case .scram(let authid, let password, let dialect):
            return .scram(
                try Scram(
                    authid: authid, password: password, dialect: dialect, nonce: nonce ?? "", extra: challenge.extra))
        }
    }

    /// Takes the result of the work. The driver sends the returned message.
    package mutating func answered(_ answer: AuthenticationAnswer) -> Authenticate {
        self.state = .answered(answer.routerProof)
        return answer.message
    }

    /// Checks that the router that sent WELCOME has proved itself as far as the method asks for it. If this throws, the
    /// session must not be used.
    package func check(_ welcome: Welcome) throws(AuthenticationError) {
        switch self.authentication {
        case .anonymous, .ticket, .wampcra, .cryptosign, .tls:
            return
        case .scram:
            switch self.state {
            case .idle, .greeted, .answered(nil): throw .routerUnproven
            case .answered(.some(let proof)): try proof.check(welcome)
            }
        }
    }
}
