/// A function as a mapping names it: `add2`, `public.add2`, `"My Schema".f`, `shop.item_get(bigint)`.
///
/// Names follow PostgreSQL's rules: folded to lower case unless quoted. The text between the parentheses is for the
/// server, which knows its types. Here it is only split at the commas, and the names, modes and defaults that psql's
/// `\df` prints are removed.
package struct FunctionReference: Sendable, Hashable, CustomStringConvertible {
    /// nil if the search path decides.
    package let schema: String?
    /// The function's name, folded as PostgreSQL does.
    package let name: String
    /// The types of the input parameters, as written; nil without parentheses.
    package let types: [String]?
    /// The text as given.
    package let text: String

    /// The longest name that PostgreSQL keeps, in bytes.
    private static let longestName = 63

    /// Takes the mapping's text.
    package init(_ text: String) throws(FunctionReferenceError) {
        var reader = Reader(text)
        self.text = text
        let first = try reader.name()
        if reader.skip(".") {
            self.schema = first
            self.name = try reader.name()
            if reader.peek() == "." { throw .tooManyParts }
        } else {
            self.schema = nil
            self.name = first
        }
        self.types = reader.skip("(") ? try reader.types() : nil
        if let rest = reader.peek() { throw .unexpected(String(rest)) }
    }

    /// The text as given.
    package var description: String { text }

    /// Whether both have the same octets; see ``ExactText``. Only the server knows which function they name.
    package static func == (one: FunctionReference, other: FunctionReference) -> Bool {
        ExactText.areSame(one.text, other.text)
    }

    /// Hashes the octets.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(self.text))
    }

    private struct Reader {
        private let scalars: [Unicode.Scalar]
        private var position = 0

        init(_ text: String) {
            self.scalars = Array(text.unicodeScalars)
        }

        /// The next character that is not a space, without taking it.
        mutating func peek() -> Unicode.Scalar? {
            while let scalar = next, scalar.properties.isWhitespace { position += 1 }
            return next
        }

        mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
            guard peek() == scalar else { return false }
            position += 1
            return true
        }

        mutating func name() throws(FunctionReferenceError) -> String {
            guard let first = peek() else { throw scalars.isEmpty ? .empty : .missingName }
            let name = first == "\"" ? try quotedName() : try plainName(first)
            if name.isEmpty { throw .missingName }
            if name.utf8.count > FunctionReference.longestName { throw .tooLong }
            return name
        }

        private mutating func quotedName() throws(FunctionReferenceError) -> String {
            position += 1
            var name = String.UnicodeScalarView()
            while let scalar = next {
                position += 1
                if scalar == "\"" {
                    guard next == "\"" else { return String(name) }
                    position += 1
                }
                if scalar.value == 0 { throw .unexpected("a NUL character") }
                name.append(scalar)
            }
            throw .openQuote
        }

        private mutating func plainName(_ first: Unicode.Scalar) throws(FunctionReferenceError) -> String {
            guard isLetter(first) else {
                throw first == "(" || first == "." ? .missingName : .unexpected(String(first))
            }
            var name = String.UnicodeScalarView()
            while let scalar = next, isLetter(scalar) || isDigit(scalar) || scalar == "$" {
                position += 1
                // Only ASCII is folded, as the server does in a multi-byte encoding.
                name.append(("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
            }
            return String(name)
        }

        /// Reads the types between the parentheses, and the closing parenthesis.
        mutating func types() throws(FunctionReferenceError) -> [String] {
            if skip(")") { return [] }
            var types: [String] = []
            var type = String.UnicodeScalarView()
            var depth = 0
            var isQuoted = false
            while let scalar = next {
                position += 1
                if !isQuoted, depth == 0, type.last?.properties.isWhitespace ?? false, isDefault(from: position - 1) {
                    skipDefault()
                    continue
                }
                if !isQuoted, depth == 0, scalar == "," || scalar == ")" {
                    let parameter = SignatureParameter(try trimmed(type))
                    if let type = parameter.type { types.append(type) }
                    type = String.UnicodeScalarView()
                    if scalar == ")" { return types }
                    continue
                }
                switch scalar {
                case "\"": isQuoted.toggle()
                case _ where isQuoted: if scalar.value == 0 { throw .unexpected("a NUL character") }
                case "(": depth += 1
                case ")": depth -= 1
                case ",", ".", "[", "]", " ", "\t", "\n", "%", "$": break
                default: if !isLetter(scalar), !isDigit(scalar) { throw .unexpected(String(scalar)) }
                }
                type.append(scalar)
            }
            throw isQuoted ? .openQuote : .openParenthesis
        }

        /// Whether DEFAULT, or the sign for it, is next.
        private func isDefault(from start: Int) -> Bool {
            if scalars[start] == "=" { return true }
            let word = scalars[start...].prefix(8)
            guard let behind = word.last, word.count == 8, behind.properties.isWhitespace else { return false }
            return String(String.UnicodeScalarView(word.dropLast())).lowercased() == "default"
        }

        /// Skips a parameter's default, up to the comma or parenthesis after it.
        private mutating func skipDefault() {
            var depth = 0
            var quote: Unicode.Scalar?
            while let scalar = next {
                switch scalar {
                case "'", "\"": quote = quote == nil ? scalar : quote == scalar ? nil : quote
                case _ where quote != nil: break
                case ",", ")": if depth == 0 { return } else if scalar == ")" { depth -= 1 }
                case "(", "[": depth += 1
                case "]": depth -= 1
                default: break
                }
                position += 1
            }
        }

        private func trimmed(_ type: String.UnicodeScalarView) throws(FunctionReferenceError) -> String {
            let text = type.drop { $0.properties.isWhitespace }
            let end = text.lastIndex { !$0.properties.isWhitespace }
            guard let end else { throw .missingType }
            return String(text[...end])
        }

        private var next: Unicode.Scalar? {
            position < scalars.count ? scalars[position] : nil
        }

        private func isLetter(_ scalar: Unicode.Scalar) -> Bool {
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
                || (scalar.value >= 0x80 && !scalar.properties.isWhitespace)
        }

        private func isDigit(_ scalar: Unicode.Scalar) -> Bool {
            ("0"..."9").contains(scalar)
        }
    }
}

/// Why a text does not name a function; its description completes the sentence "the function 'x' ..".
package enum FunctionReferenceError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no text.
    case empty
    /// A name is missing, at the beginning or after the dot.
    case missingName
    /// Nothing stands between two commas.
    case missingType
    /// More than schema and name.
    case tooManyParts
    /// A name longer than PostgreSQL keeps.
    case tooLong
    /// A quote is not closed.
    case openQuote
    /// The parenthesis is not closed.
    case openParenthesis
    /// A character that is not allowed at its place.
    case unexpected(String)

    /// The fault, in words for users.
    package var description: String {
        switch self {
        case .empty: "is empty"
        case .missingName: "lacks a name; write name, schema.name or schema.name(type, type)"
        case .missingType: "has an empty type between its parentheses"
        case .tooManyParts: "has more than two parts; write schema.name"
        case .tooLong: "has a name longer than 63 bytes, which PostgreSQL does not keep"
        case .openQuote: "has an unterminated quote"
        case .openParenthesis: "has an unclosed parenthesis"
        case .unexpected(let what):
            "has a misplaced '\(what)'; write name, schema.name or schema.name(type, type)"
        }
    }
}
