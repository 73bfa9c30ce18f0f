package import Names
import WAMP

/// Why there is no connection to a router, or no longer one: what happened and what to do.
package struct ConnectionFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds that are treated differently.
    package enum Code: String, Sendable, CaseIterable {
        /// TLS failed: the router did not prove its identity, or does not accept ours.
        case tls = "TLS"
        /// Nothing answers at that address.
        case unreachable
        /// The peer answers, but not as a router does: wrong port, wrong path, wrong protocol.
        case handshake
        /// A RawSocket peer refuses the serializer; or it closes the connection instead of answering, as Crossbar.io
        /// does in that case. Another serializer may help.
        case serializer
        /// The peer was silent for too long.
        case silent
        /// The peer violated the protocol in an established connection.
        case protocolViolation = "protocol violation"
        /// The peer closed the connection, or the network did.
        case closed
        /// The router refused the session, for a reason other than credentials, or ended it with ABORT.
        case aborted
        /// The router refused the credentials, or asks for an answer that we can't give.
        case credentials
        /// The router did not prove its identity, or others could read what would be sent.
        case untrusted
        /// The router said GOODBYE.
        case goodbye
        /// An administrator ended the session (`wamp.close.killed`).
        case killed
        /// The router did not read what was sent, and too much output was waiting.
        case unsentOutput = "unsent output"
        /// We ended it.
        case stopped
    }

    /// The kind.
    package let code: Code
    /// What happened, and what to do if anything can be done. Holds no payloads and no secrets.
    package let message: String
    /// The reason of an ABORT or GOODBYE: a WAMP URI.
    package let uri: String?
    /// The code of the WebSocket close frame, if one ended the connection.
    let closeCode: UInt16?

    /// True if the kind is a guess: the router did not give a reason.
    let isGuess: Bool

    /// The router, once it is known.
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

    /// The router may have refused the serializer: it closed the connection without a reason.
    static func perhapsSerializer(_ message: String) -> ConnectionFault {
        ConnectionFault(.serializer, message, uri: nil, closeCode: nil, isGuess: true)
    }

    /// The same, about a router.
    func of(_ url: RouterURL) -> ConnectionFault {
        var fault = self
        fault.url = url
        return fault
    }

    /// The same fault, which other serializers had met before.
    func alike(_ others: [SerializerID]) -> ConnectionFault {
        guard !others.isEmpty else { return self }
        var fault = ConnectionFault(
            self.code, "\(self.message); so it did with \(others.map(\.description).joined(separator: " and "))",
            uri: self.uri)
        fault.url = self.url
        return fault
    }

    /// A foreign text, made fit for one line of a log: printable ASCII, at most 200 characters.
    static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(200) {
            result.unicodeScalars.append((0x20...0x7E).contains(scalar.value) ? scalar : "?")
        }
        return text.unicodeScalars.count > 200 ? result + "..." : result
    }
}
