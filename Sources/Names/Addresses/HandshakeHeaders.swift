/// The HTTP headers that a user adds to the WebSocket handshake: `router.headers`.
///
/// Values may be secrets, so no description shows them. A value; safe to share.
package struct HandshakeHeaders: Sendable, Hashable {
    /// The name of a header. HTTP does not distinguish small and capital letters, and neither does a comparison.
    package struct Name: Sendable, Hashable {
        /// The text as given.
        package let text: String

        fileprivate let folded: String

        /// Takes the name of a header that users may add.
        package init(_ text: String) throws(HandshakeHeaderError) {
            if let problem = HandshakeHeaders.fault(inName: text) { throw HandshakeHeaderError(problem) }
            self.text = text
            self.folded = text.lowercased()
        }

        /// Whether the header's value is a credential.
        package var logsIn: Bool { ["authorization", "cookie"].contains(self.folded) }

        /// Whether both are names of the same header.
        package static func == (one: Name, other: Name) -> Bool { one.folded == other.folded }

        /// Hashes the octets that ``==(_:_:)`` compares.
        package func hash(into hasher: inout Hasher) { hasher.combine(self.folded) }
    }

    private struct Field: Hashable {
        let name: Name
        let value: String
    }

    /// The most headers there can be.
    package static let mostHeaders = 64
    /// The longest name and value, in octets: about as much as servers accept for a whole request.
    package static let greatestField = 8 * 1024

    private var fields: [Field] = []

    /// No headers.
    package init() {}

    /// The names, in lower case: HTTP does not distinguish small and capital letters.
    package var names: Set<String> { Set(self.fields.map(\.name.folded)) }

    /// Whether one of the values is a credential.
    package var logsIn: Bool { self.fields.contains(where: \.name.logsIn) }

    /// Names and values, for the router and nobody else.
    package var revealed: [(name: String, value: String)] { self.fields.map { ($0.name.text, $0.value) } }

    /// Adds a header.
    ///
    /// - Throws: the header's fault.
    package mutating func add(_ name: Name, _ value: String) throws(HandshakeHeaderError) {
        if let problem = Self.fault(inValue: value, of: name) {
            throw HandshakeHeaderError(problem)
        }
        guard !self.fields.contains(where: { $0.name == name }) else {
            throw HandshakeHeaderError("is listed twice")
        }
        guard self.fields.count < Self.mostHeaders else {
            throw HandshakeHeaderError("is one too many; at most \(Self.mostHeaders) are allowed")
        }
        self.fields.append(Field(name: name, value: value))
    }

    /// The fault of a name, as the end of a sentence; nil if the name is fine. Never contains the name.
    private static func fault(inName name: String) -> String? {
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenOctet) else {
            return "is not the name of an HTTP header, which has letters, digits and hyphens"
        }
        guard name.utf8.count <= Self.greatestField else { return "is too long" }
        switch name.lowercased() {
        case "sec-websocket-protocol":
            return "belongs to the handshake; router.serializers sets its value"
        case "connection", "upgrade", "content-length", "transfer-encoding", "te", "trailer", "expect", "keep-alive":
            return "belongs to the handshake itself and can't be set"
        case "proxy-authorization", "proxy-connection":
            return "is for a proxy and never reaches the router; write user name and password into router.proxy"
        case let name where name.hasPrefix("sec-websocket-"):
            return "belongs to the handshake itself and can't be set"
        default:
            return nil
        }
    }

    /// The fault of a value, as the end of a sentence that begins with the header's name; nil if the value is fine.
    /// Never contains the value.
    private static func fault(inValue value: String, of name: Name) -> String? {
        guard value.utf8.count <= Self.greatestField else {
            return "has a value of more than \(Self.greatestField) octets"
        }
        guard !value.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else {
            return "has a line break in its value"
        }
        guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            return "has a character in its value that is not printable ASCII"
        }
        guard let first = value.utf8.first, let last = value.utf8.last, first > 0x20, last > 0x20 else {
            return "has a value that is empty, or begins or ends with a space"
        }
        guard name.folded != "host" || !value.utf8.contains(where: { " \t/?#@,".utf8.contains($0) }) else {
            return "is not a host name with or without a port"
        }
        return nil
    }

    /// A character of a token (RFC 9110 section 5.6.2).
    private static func isTokenOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(octet)
        }
    }
}

extension HandshakeHeaders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names only.
    package var description: String { "\(self.fields.map(\.name.text))" }

    /// As ``description``.
    package var debugDescription: String { self.description }

    /// A mirror that shows no values, so that `dump` doesn't either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The fault of a header, in words for users; contains neither the header's name nor its value.
package struct HandshakeHeaderError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Completes "the header ...".
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
