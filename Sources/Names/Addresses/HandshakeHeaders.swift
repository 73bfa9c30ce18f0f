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

        /// Whether the header lets whoever reads it in.
        package var logsIn: Bool { ["authorization", "cookie"].contains(self.folded) }

        /// Whether two names are those of one header.
        package static func == (one: Name, other: Name) -> Bool { one.folded == other.folded }

        /// Hashes what ``==(_:_:)`` compares.
        package func hash(into hasher: inout Hasher) { hasher.combine(self.folded) }
    }

    private struct Field: Hashable {
        let name: Name
        let value: String
    }

    /// The most headers there can be.
    package static let mostHeaders = 64
    /// The longest name and value, in octets: about what servers take of a whole request.
    package static let greatestField = 8 * 1024

    private var fields: [Field] = []

    /// No headers.
    package init() {}

    /// The names, in lower case: HTTP does not distinguish.
    package var names: Set<String> { Set(self.fields.map(\.name.folded)) }

    /// Whether one of them lets whoever reads it in.
    package var logsIn: Bool { self.fields.contains(where: \.name.logsIn) }

    /// Names and values, for the router and for nobody else.
    package var revealed: [(name: String, value: String)] { self.fields.map { ($0.name.text, $0.value) } }

    /// Adds one.
    ///
    /// - Throws: what is wrong with it.
    package mutating func add(_ name: Name, _ value: String) throws(HandshakeHeaderError) {
        if let problem = Self.fault(inValue: value, of: name) {
            throw HandshakeHeaderError(problem)
        }
        guard !self.fields.contains(where: { $0.name == name }) else {
            throw HandshakeHeaderError("is there twice")
        }
        guard self.fields.count < Self.mostHeaders else {
            throw HandshakeHeaderError("is one too many; there can be \(Self.mostHeaders)")
        }
        self.fields.append(Field(name: name, value: value))
    }

    /// What is wrong with a name, to stand behind it; nil if nothing is. Never holds the name.
    private static func fault(inName name: String) -> String? {
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenOctet) else {
            return "is no name of an HTTP header, which has letters, digits and hyphens"
        }
        guard name.utf8.count <= Self.greatestField else { return "is too long" }
        switch name.lowercased() {
        case "sec-websocket-protocol":
            return "belongs to the handshake; what it offers is set by router.serializers"
        case "connection", "upgrade", "content-length", "transfer-encoding", "te", "trailer", "expect", "keep-alive":
            return "belongs to the handshake itself and can't be set"
        case "proxy-authorization", "proxy-connection":
            return "is for a proxy and never reaches the router; write user and password into router.proxy"
        case let name where name.hasPrefix("sec-websocket-"):
            return "belongs to the handshake itself and can't be set"
        default:
            return nil
        }
    }

    /// What is wrong with a value, to stand behind its header's name; nil if nothing is. Never holds the value.
    private static func fault(inValue value: String, of name: Name) -> String? {
        guard value.utf8.count <= Self.greatestField else {
            return "has a value of more than \(Self.greatestField) octets"
        }
        guard !value.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else {
            return "has a line break in its value"
        }
        guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            return "has a character in its value that is not ASCII, or can't be printed"
        }
        guard let first = value.utf8.first, let last = value.utf8.last, first > 0x20, last > 0x20 else {
            return "has a value that is empty, or begins or ends with a blank"
        }
        guard name.folded != "host" || !value.utf8.contains(where: { " \t/?#@,".utf8.contains($0) }) else {
            return "is no host name, with or without a port"
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

/// What is wrong with a header, in a user's words; holds neither its name nor its value.
package struct HandshakeHeaderError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Completes "the header ...".
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
