import Names
package import WAMP

/// Why a request to the router (REGISTER, SUBSCRIBE, PUBLISH, CALL, ...) failed.
package struct RequestError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failures.
    package enum Code: Sendable, Equatable {
        /// The router, or the callee, answered ERROR.
        case refused
        /// The router says that the registration exists, and has not answered our earlier request: it is ours, and its
        /// id is unknown.
        case answerLost
        /// No answer within the time; the outcome is unknown.
        case timeout
        /// We canceled it.
        case canceled
        /// The session ended before the answer came, so the outcome is unknown; or there was no session.
        case sessionClosed
        /// Nothing was sent: the registration or subscription is not held (any more).
        case notHeld
        /// Nothing was sent: the message is larger than the router accepts.
        case tooLarge
        /// Nothing was sent: without a feature that the router does not announce, the request would mean something
        /// else.
        case unsupported
    }

    /// The kind.
    package let code: Code
    /// The error URI: the one that was received, or the predefined one for this kind.
    package let uri: String
    /// For people, with what to do about it; holds no payload of a peer.
    package let message: String
    /// The router's own words of refusal, and what to do about it; nil if neither is known.
    package let remark: String?
    /// The payload of the ERROR.
    package let payload: Payload

    package var description: String { self.message }

    init(_ code: Code, uri: String, message: String, remark: String? = nil, payload: Payload = .empty) {
        self.code = code
        self.uri = uri
        self.message = message
        self.remark = remark
        self.payload = payload
    }

    static func refused(_ error: ErrorMessage) -> RequestError {
        let refusal = RouterRefusal(error)
        return RequestError(
            .refused, uri: error.uri, message: "the router answered \(refusal.description)", remark: refusal.remark,
            payload: error.payload)
    }

    /// A repeated REGISTER was refused because the first one had succeeded.
    static func answerLost(_ error: ErrorMessage) -> RequestError {
        RequestError(
            .answerLost, uri: error.uri,
            message: "the router's answer was lost: it holds the registration, and did not say under which id")
    }

    static let timeout = RequestError(
        .timeout, uri: WAMPError.timeout.text, message: "no answer in time; the outcome is unknown")
    static let canceled = RequestError(.canceled, uri: WAMPError.canceled.text, message: "given up")
    static let sessionClosed = RequestError(
        .sessionClosed, uri: WAMPError.unavailable.text,
        message: "the connection to the router was lost; the outcome is unknown")
    static let noSession = RequestError(
        .sessionClosed, uri: WAMPError.unavailable.text, message: "there is no session with the router")

    static let tooManyWait = RequestError(
        .refused, uri: WAMPError.unavailable.text,
        message: "too many events wait for the router's acknowledgement")

    static let notHeld = RequestError(
        .notHeld, uri: WAMPError.noSuchRegistration.text,
        message: "the registration or subscription is not held any more")

    static func unsupported(_ feature: RouterFeature) -> RequestError {
        RequestError(
            .unsupported, uri: WAMPError.featureNotSupported.text,
            message: "nothing was sent: the router does not announce \(feature.rawValue), so \(feature.loss)")
    }

    static func tooLarge(size: Int, limit: Int) -> RequestError {
        RequestError(
            .tooLarge, uri: WAMPError.payloadSizeExceeded.text,
            message: "the message has \(size) octets or more, the router takes \(limit)")
    }
}
