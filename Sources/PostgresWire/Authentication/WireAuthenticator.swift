import Cryptography
import NIOCore

/// The part of a connection's life in which the client proves who it is: SASL's messages around SCRAM's.
struct WireAuthenticator {
    /// What comes after a message.
    enum Step: Equatable {
        /// Another message.
        case goOn
        /// The session.
        case done
        /// The end.
        case refused
    }

    /// The one mechanism that we have.
    static let mechanism = "SCRAM-SHA-256"

    /// Who it says it is.
    let user: String
    private var scram: ScramServerStateMachine
    private var isMechanismChosen = false

    init(user: String, credentials: WireCredentials, nonce: [UInt8]) throws(WireError) {
        self.user = user
        do {
            let (verifier, isGenuine) = try credentials.verifier(of: user)
            self.scram = ScramServerStateMachine(verifier: verifier, isGenuine: isGenuine, nonce: nonce)
        } catch {
            throw WireError(.fatal, "XX000", error.description)
        }
    }

    /// Takes the body of a message.
    mutating func received(_ body: ByteBuffer, into output: inout ByteBuffer) throws(WireError) -> Step {
        var body = body
        if !self.isMechanismChosen {
            guard let response = try Self.initialResponse(&body) else {
                // The client wants to be asked first, which SCRAM has no question for.
                self.isMechanismChosen = true
                output.writeWireAuthentication(.saslContinue([]))
                return .goOn
            }
            self.isMechanismChosen = true
            body = response
        }
        switch try self.scram.received(Array(body.readableBytesView)) {
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

    /// The mechanism's name and its first message; nil if that is left out.
    private static func initialResponse(_ body: inout ByteBuffer) throws(WireError) -> ByteBuffer? {
        guard let name = body.readCString(), let length = body.readInteger(as: Int32.self) else {
            throw .violation("malformed SASL response")
        }
        guard name == Self.mechanism else {
            throw .violation("client selected an invalid SASL authentication mechanism")
        }
        guard length >= 0 else {
            guard length == -1, body.readableBytes == 0 else { throw .violation("malformed SASL response") }
            return nil
        }
        guard body.readableBytes == Int(length) else { throw .violation("malformed SASL response") }
        return body
    }
}
