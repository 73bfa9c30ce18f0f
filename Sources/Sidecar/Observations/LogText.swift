/// Texts for the log and a terminal. A text from a peer, a file or the database can neither end a line, nor hide or
/// reverse the text after it, nor fill the disk.
package enum LogText {
    /// The most octets of a value that are written.
    static let mostOctets = 1024

    /// A value within the limit; a cut is marked.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > self.mostOctets else { return text }
        var kept = String.UnicodeScalarView()
        var octets = 0
        for scalar in text.unicodeScalars {
            octets += UTF8.width(scalar)
            guard octets <= self.mostOctets else { break }
            kept.append(scalar)
        }
        return "\(String(kept)).. (\(text.utf8.count) octets)"
    }

    /// A value of the text format: quoted only if necessary.
    static func quotedIfNeeded(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0 > " " && $0 != "\"" && $0 != "=" && !self.isInvisible($0) }
        return isPlain ? text : self.quoted(text)
    }

    /// A string of JSON.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where self.isInvisible(scalar): quoted += self.escaped(scalar)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// A text for a terminal, with its line breaks: characters that a terminal would obey are written as `\u....`.
    package static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0 != "\n" && self.isInvisible($0) }) else { return text }
        var visible = ""
        for scalar in text.unicodeScalars {
            if scalar != "\n", self.isInvisible(scalar) {
                visible += self.escaped(scalar)
            } else {
                visible.unicodeScalars.append(scalar)
            }
        }
        return visible
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        var escaped = ""
        for unit in UTF16.encode(scalar) ?? .init() {
            let digits = String(unit, radix: 16)
            escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return escaped
    }

    /// Control and format characters (Cc, Cf), and line and paragraph separators (Zl, Zp): a terminal obeys them.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
