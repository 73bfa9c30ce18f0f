/// How names and constants are written in the SQL text that the sidecar generates.
///
/// Values of calls never are: they are parameters. The text contains only names from the catalog, and constants of the
/// sidecar.
package enum SQLText {
    /// An identifier, always quoted, so that case, keywords and quotes in it do not matter.
    package static func identifier(_ name: String) -> String {
        "\"" + doubling("\"", in: name) + "\""
    }

    /// A name within a schema, for example `"public"."add2"`.
    package static func qualified(_ schema: String, _ name: String) -> String {
        identifier(schema) + "." + identifier(name)
    }

    /// A string constant. It has the same meaning whatever `standard_conforming_strings` is.
    package static func literal(_ text: String) -> String {
        let quoted = "'" + doubling("'", in: text) + "'"
        return text.unicodeScalars.contains("\\") ? "E" + doubling("\\", in: quoted) : quoted
    }

    /// The text of an array of texts, as a parameter's value.
    package static func array(_ elements: [String]) -> String {
        "{" + elements.map { "\"" + escaping($0) + "\"" }.joined(separator: ",") + "}"
    }

    /// A name as people write it: quoted only if necessary. For messages, not for generated SQL: keywords are not
    /// considered.
    package static func plain(_ name: String) -> String {
        let isPlain = name.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), 0x80...: true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "$"): index > 0
            default: false
            }
        }
        return isPlain && !name.isEmpty ? name : identifier(name)
    }

    /// Scalars, not characters, for the same reason as ``doubling(_:in:)``.
    private static func escaping(_ element: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in element.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result.append("\\") }
            result.append(scalar)
        }
        return String(result)
    }

    private static func doubling(_ character: Unicode.Scalar, in text: String) -> String {
        // Scalars, not characters: a quote followed by a combining mark is one Character, but still a quote for the
        // server.
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == character { result.append(scalar) }
            result.append(scalar)
        }
        return String(result)
    }
}
