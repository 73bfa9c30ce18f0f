/// One parameter of a signature, as people write it or psql's `\df` prints it: `bigint`, `id bigint`, `INOUT total
/// numeric`, `VARIADIC names text[]`. A default has already been removed.
struct SignatureParameter {
    /// The type alone; nil for an OUT parameter, which does not distinguish functions.
    let type: String?

    private static let modes: Set<String> = ["in", "out", "inout", "variadic"]
    /// The words that can follow the first word of a type of several words.
    private static let continuations: [String: Set<String>] = [
        "double": ["precision"], "character": ["varying"], "char": ["varying"], "bit": ["varying"],
        "national": ["character", "char"], "timestamp": ["with", "without"], "time": ["with", "without"],
        "interval": ["year", "month", "day", "hour", "minute", "second"],
    ]

    /// Takes the text between two commas, trimmed.
    init(_ text: String) {
        var words = Self.words(of: text)
        var isOutput = false
        if words.count > 1, let mode = words.first?.lowercased(), Self.modes.contains(mode) {
            isOutput = mode == "out"
            words.removeFirst()
        }
        if words.count > 1, !Self.isType(words[0].lowercased(), before: words[1].lowercased()) { words.removeFirst() }
        self.type = isOutput ? nil : words.joined(separator: " ")
    }

    /// Whether the first word begins the type, and is not the parameter's name.
    private static func isType(_ word: String, before next: String) -> Bool {
        if let first = next.utf8.first, "([.%".utf8.contains(first) || next == "array" { return true }
        if let last = word.utf8.last, last == UInt8(ascii: ".") { return true }
        if !word.utf8.starts(with: "\"".utf8), word.utf8.contains(UInt8(ascii: "(")) { return true }
        return Self.continuations[word]?.contains { next.hasPrefix($0) } ?? false
    }

    /// Splits at white space outside of quotes and parentheses.
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var depth = 0
        var isQuoted = false
        for scalar in text.unicodeScalars {
            if scalar == "\"" { isQuoted.toggle() }
            if !isQuoted, scalar == "(" { depth += 1 }
            if !isQuoted, scalar == ")" { depth -= 1 }
            guard !isQuoted, depth == 0, scalar.properties.isWhitespace else {
                word.append(scalar)
                continue
            }
            if !word.isEmpty { words.append(String(word)) }
            word = String.UnicodeScalarView()
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }
}
