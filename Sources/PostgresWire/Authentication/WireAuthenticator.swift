import Cryptography
import NIOCore

/// The part of a connection's life in which the client proves its identity: SASL's messages around SCRAM's.
struct WireAuthenticator {
    /// What follows a message.
    enum Step: Equatable {
        /// Another message.
        case goOn
        /// The session.
        case done
        /// The end.
        case refused
    }

    private static let mechanism = "SCRAM-SHA-256"
    private static let bindingMechanism = "SCRAM-SHA-256-PLUS"

    /// The mechanisms that can be chosen, the better one first.
    let mechanisms: [String]
    /// The user that the client claims to be.
    let user: String
    private var scram: ScramServerStateMachine?
    private let verifier: ScramVerifier
    private let isGenuine: Bool
    private let nonce: [UInt8]
    private let endPoint: [UInt8]?

    /// - Parameter endPoint: what binds the connection's TLS; nil without TLS, or if nothing does.
    init(user: String, credentials: WireCredentials, nonce: [UInt8], endPoint: [UInt8]? = nil) throws(WireError) {
        self.user = user
        self.nonce = nonce
        self.endPoint = endPoint
        self.mechanisms = endPoint == nil ? [Self.mechanism] : [Self.bindingMechanism, Self.mechanism]
        do {
            (self.verifier, self.isGenuine) = try credentials.verifier(of: user)
        } catch {
            throw WireError(.fatal, "XX000", error.description)
        }
    }

    /// Takes the body of a message.
    mutating func received(_ body: ByteBuffer, into output: inout ByteBuffer) throws(WireError) -> Step {
        var body = body
        var scram: ScramServerStateMachine
        if let chosen = self.scram {
            scram = chosen
        } else {
            let (binding, response) = try self.initialResponse(&body)
            scram = ScramServerStateMachine(
                verifier: self.verifier, isGenuine: self.isGenuine, nonce: self.nonce, binding: binding)
            guard let response else {
                // The client has sent no initial response, for which SCRAM has an empty challenge.
                self.scram = scram
                output.writeWireAuthentication(.saslContinue([]))
                return .goOn
            }
            body = response
        }
        defer { self.scram = scram }
        switch try scram.received(Array(body.readableBytesView)) {
        case .challenge(let challenge):
            output.writeWireAuthentication(.saslContinue(challenge))
            return .goOn
        case .accepted(let answer):
            output.writeWireAuthentication(.saslFinal(answer))
            output.writeWireAuthentication(.ok)
            return .done
        case .refused:
            output.writeWireError(
                WireError(.fatal, "28P01", "password authentication failed for user \"\(self.user.prefix(63))\""))
            return .refused
        }
    }

    /// The mechanism, and its first message; nil if that is left out.
    private func initialResponse(
        _ body: inout ByteBuffer
    ) throws(WireError) -> (ScramServerStateMachine.Binding, ByteBuffer?) {
        guard let name = body.readCString(), let length = body.readInteger(as: Int32.self) else {
            throw .violation("malformed SASL response")
        }
        let binding: ScramServerStateMachine.Binding
        switch (name, self.endPoint) {
        case (Self.mechanism, nil): binding = .notOffered
        case (Self.mechanism, .some): binding = .notTaken
        case (Self.bindingMechanism, .some(let endPoint)): binding = .endPoint(endPoint)
        default: throw .violation("client selected an invalid SASL authentication mechanism")
        }
        guard length >= 0 else {
            guard length == -1, body.readableBytes == 0 else { throw .violation("malformed SASL response") }
            return (binding, nil)
        }
        guard body.readableBytes == Int(length) else { throw .violation("malformed SASL response") }
        return (binding, body)
    }
}
