/// Replaces environment variables in a scalar.
///
/// `${NAME}` is the variable's value, `${NAME:-default}` the default if it is unset or empty, `$${` a literal `${`. A
/// default is a plain text: one with a variable in it is a fault. It works on the text of one scalar, after the file
/// was parsed, so that no value can change the file's structure; values are not expanded again.
enum Variables {
    /// A text with its variables replaced.
    struct Expanded: Equatable {
        /// The text.
        var text = ""

        /// Whether it contained a variable: then the text may be a secret.
        var hasVariables = false
    }

    /// The fault of a text.
    struct Fault: Error, Equatable {
        let problem: String
        let remedy: String
    }

    /// Replaces all variables of a text.
    static func expand(_ text: String, environment: [String: String]) throws(Fault) -> Expanded {
        var result = Expanded()
        var rest = Substring(text)
        while let dollar = rest.firstRange(of: "${") {
            if rest[..<dollar.lowerBound].hasSuffix("$") {
                result.text += rest[..<dollar.lowerBound].dropLast() + "${"
                rest = rest[dollar.upperBound...]
                continue
            }
            result.text += rest[..<dollar.lowerBound]
            rest = rest[dollar.upperBound...]
            guard let end = rest.firstIndex(of: "}") else {
                throw Fault(
                    problem: "a '${' has no '}'", remedy: "write ${NAME}, or $${ for a '${' that is meant literally")
            }
            result.text += try Self.value(of: rest[..<end], environment: environment)
            result.hasVariables = true
            rest = rest[rest.index(after: end)...]
        }
        result.text += rest
        return result
    }

    private static func value(of reference: Substring, environment: [String: String]) throws(Fault) -> String {
        let name = reference.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let behind = reference[name.endIndex...]
        guard let first = name.first, !first.isNumber, behind.isEmpty || behind.hasPrefix(":-") else {
            throw Fault(
                problem: "the text between '${' and '}' is not a variable",
                remedy: "write ${NAME} or ${NAME:-default}, or $${ for a '${' that is meant literally")
        }
        guard !behind.contains("${") else {
            throw Fault(
                problem: "the default of '${\(name):-..}' holds another variable",
                remedy: "write a default without variables, or set \(name) where the sidecar is started")
        }
        let value = environment[String(name)]
        guard behind.isEmpty else { return value.flatMap { $0.isEmpty ? nil : $0 } ?? String(behind.dropFirst(2)) }
        guard let value else {
            throw Fault(
                problem: "the environment variable '\(name)' is not set",
                remedy: "set it, or write ${\(name):-default}")
        }
        return value
    }
}
