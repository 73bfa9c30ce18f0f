package import NIOCore

/// Statements that client libraries send on their own account, and that no query's handler should see.
package enum SessionStatement: Sendable, Equatable {
    /// Nothing but white space and semicolons.
    case empty
    /// `set client_encoding to 'UTF8'`, or one of its other forms.
    case clientEncoding(String)

    /// A longer text is neither of them.
    private static let greatestLength = 200

    /// Recognizes a query; nil if it is another one.
    package init?(_ query: ByteBuffer) {
        guard query.readableBytes <= Self.greatestLength else { return nil }
        let words = String(buffer: query).split { $0.isWhitespace || $0 == ";" || $0 == "=" }
        guard let first = words.first else {
            // The parser would take an equals sign for white space.
            guard !query.readableBytesView.contains(UInt8(ascii: "=")) else { return nil }
            self = .empty
            return
        }
        guard first.lowercased() == "set" else { return nil }
        var rest = words.dropFirst()
        if let scope = rest.first?.lowercased(), scope == "session" || scope == "local" { rest.removeFirst() }
        switch rest.popFirst()?.lowercased() {
        case "client_encoding": if rest.first?.lowercased() == "to" { rest.removeFirst() }
        case "names": break
        default: return nil
        }
        guard let encoding = rest.popFirst(), rest.isEmpty else { return nil }
        self = .clientEncoding(encoding.filter { $0 != "'" && $0 != "\"" })
    }

    /// Whether an encoding's name is one of UTF-8's.
    package static func isUTF8(_ encoding: String) -> Bool {
        ["utf8", "unicode", "default"].contains(Self.normalized(encoding))
    }

    /// Whether an encoding's name means that nothing is converted.
    package static func isNone(_ encoding: String) -> Bool {
        Self.normalized(encoding) == "sqlascii"
    }

    private static func normalized(_ encoding: String) -> String {
        encoding.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
}
