package import Names
import WAMP

/// Why there is no connection to a router, or no longer: what happened and what to do.
package struct ConnectionFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds that are treated differently.
    package enum Code: String, Sendable, CaseIterable {
        /// TLS did not come about: the router did not prove who it is, or does not take who we are.
        case tls = "TLS"
        /// Nothing answers at that address.
        case unreachable
        /// The peer answers, but not as a router does: wrong port, wrong path, wrong protocol.
        case handshake
        /// A RawSocket peer refuses the serializer, or closes the connection where it should answer, as Crossbar.io does
        /// then: with another serializer it may be different.
        case serializer
        /// The peer said nothing for too long.
        case silent
        /// The peer broke the protocol in a connection that worked.
        case protocolViolation = "protocol violation"
        /// The peer closed the connection, or the network did.
        case closed
        /// The router refused the session, for a reason other than credentials, or ended it with ABORT.
        case aborted
        /// The router refused the credentials, or asks for an answer that we can't give.
        case credentials
        /// The router did not prove who it is, or others could read what it would be sent.
        case untrusted
        /// The router said GOODBYE.
        case goodbye
        /// An administrator ended the session (`wamp.close.killed`).
        case killed
        /// The router did not take what was sent to it, and too much was waiting.
        case unsentOutput = "unsent output"
        /// We ended it.
        case stopped
    }

    /// The kind.
    package let code: Code
    /// What happened, and what to do where something can be done; holds no payloads and no secrets.
    package let message: String
    /// The reason of an ABORT or GOODBYE: a WAMP URI.
    package let uri: String?
    /// The code of a WebSocket's close frame, where that was the end.
    let closeCode: UInt16?

    /// Whether it may be about something else: the router did not say.
    let isGuess: Bool

    /// The router it is about, once that is known.
    package private(set) var url: RouterURL?

    /// The whole sentence, with the router's URL.
    package var description: String {
        self.url.map { "router \($0): \(self.message)" } ?? self.message
    }

    /// A fault of a kind, with its text and, for ABORT and GOODBYE, its reason.
    package init(_ code: Code, _ message: String, uri: String? = nil) {
        self.init(code, message, uri: uri, closeCode: nil, isGuess: false)
    }

    private init(_ code: Code, _ message: String, uri: String?, closeCode: UInt16?, isGuess: Bool) {
        self.code = code
        self.message = message
        self.uri = uri
        self.closeCode = closeCode
        self.isGuess = isGuess
    }

    /// The router closed the WebSocket with a code.
    static func closed(webSocketCode code: UInt16, _ message: String) -> ConnectionFault {
        ConnectionFault(.closed, message, uri: nil, closeCode: code, isGuess: false)
    }

    /// The router may have refused the serializer: it closed the connection and did not say why.
    static func perhapsSerializer(_ message: String) -> ConnectionFault {
        ConnectionFault(.serializer, message, uri: nil, closeCode: nil, isGuess: true)
    }

    /// The same, about a router.
    func of(_ url: RouterURL) -> ConnectionFault {
        var fault = self
        fault.url = url
        return fault
    }

    /// The same, and that it was the same with other serializers before.
    func alike(_ others: [SerializerID]) -> ConnectionFault {
        guard !others.isEmpty else { return self }
        var fault = ConnectionFault(
            self.code, "\(self.message); so it did with \(others.map(\.description).joined(separator: " and "))",
            uri: self.uri)
        fault.url = self.url
        return fault
    }

    /// A foreign text made fit for one line of a log: printable ASCII, at most 200 characters.
    static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(200) {
            result.unicodeScalars.append((0x20...0x7E).contains(scalar.value) ? scalar : "?")
        }
        return text.unicodeScalars.count > 200 ? result + "..." : result
    }
}
