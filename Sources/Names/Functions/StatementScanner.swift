/// Takes the text of a statement apart as PostgreSQL's own scanner does, as far as is needed to find its parameters,
/// its verb and its end.
struct StatementScanner {
    /// The text without its parameters, and without a semicolon at its end.
    private(set) var pieces: [StatementMapping.Piece] = []
    private(set) var names: [String] = []
    /// The first word, in lower case; a bracket if one precedes it.
    private(set) var firstWord: String?
    /// The verb outside of all brackets, and the piece that begins with it.
    private(set) var verb: StatementMapping.Verb?
    private(set) var verbPiece: Int?
    private(set) var hasReturning = false

    private let bytes: [UInt8]
    private var position = 0
    /// The beginning of the text that is not in a piece yet.
    private var start = 0
    private var brackets: [UInt8] = []
    /// True after an operand, which can have a subscript or be a bound: then a colon in brackets divides a slice.
    private var isAfterOperand = false
    /// The last word outside of all brackets, or the mark that decides how to read the next one.
    private var previous: String?

    /// Words after which an expression begins.
    private static let openingWords: Set<String> = [
        "all", "and", "any", "as", "between", "by", "case", "distinct", "else", "from", "having", "ilike", "in", "is",
        "like", "limit", "not", "offset", "on", "or", "returning", "select", "set", "similar", "some", "then", "to",
        "using", "values", "when", "where",
    ]

    /// The words that precede a name in a WITH list: a name `update` after them is not a verb. `search .. set ..` and
    /// `cycle .. set .. using ..` have names too.
    private static let wordsAheadOfNames: Set<String> = ["with", "recursive", ",", ".", "by", "cycle", "set", "using"]

    /// Takes the text; ``scan()`` does the work.
    init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    /// Scans the whole text, once.
    mutating func scan() throws(StatementMappingError) {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "'"): try skipQuoted(byte, hasEscapes: false)
            case UInt8(ascii: "\""): try skipQuoted(byte, hasEscapes: false)
            case UInt8(ascii: "-") where peek(1) == byte: skipLine()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): try skipComment()
            case UInt8(ascii: "$"): try skipDollar()
            case UInt8(ascii: ":"): takeColon()
            case UInt8(ascii: ";"):
                try takeEnd()
                return
            case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: ")"), UInt8(ascii: "]"): try takeBracket(byte)
            case _ where Self.isLetter(byte): try takeWord()
            case _ where Self.isDigit(byte): takeNumber()
            default:
                if !Self.isSpace(byte) {
                    isAfterOperand = false
                    if brackets.isEmpty { previous = String(Unicode.Scalar(byte)) }
                }
                position += 1
            }
        }
        try finish(at: position)
    }

    private mutating func finish(at end: Int) throws(StatementMappingError) {
        guard brackets.isEmpty else { throw .unbalanced }
        flush(to: end)
    }

    private mutating func flush(to end: Int) {
        if end > start { pieces.append(.text(String(decoding: bytes[start..<end], as: UTF8.self))) }
        start = end
    }

    // MARK: Tokens

    private mutating func takeWord() throws(StatementMappingError) {
        let begin = position
        while let byte = peek(), Self.isLetter(byte) || Self.isDigit(byte) || byte == UInt8(ascii: "$") {
            position += 1
        }
        let word = String(decoding: bytes[begin..<position], as: UTF8.self).lowercased()
        if peek() == UInt8(ascii: "'"), word == "e" {
            return try skipQuoted(UInt8(ascii: "'"), hasEscapes: true)
        }
        isAfterOperand = !Self.openingWords.contains(word)
        if firstWord == nil { firstWord = brackets.isEmpty ? word : "(" }
        guard brackets.isEmpty else { return }
        let before = previous
        previous = word
        if word == "returning", before != "as", before != "." { hasReturning = true }
        if verb == nil, !Self.wordsAheadOfNames.contains(before ?? ""),
            let found = StatementMapping.Verb(rawValue: word)
        {
            flush(to: begin)
            verb = found
            verbPiece = pieces.count
        }
    }

    private mutating func takeNumber() {
        while let byte = peek(), Self.isDigit(byte) || Self.isLetter(byte) || byte == UInt8(ascii: ".") {
            position += 1
        }
        isAfterOperand = true
    }

    private mutating func takeBracket(_ byte: UInt8) throws(StatementMappingError) {
        position += 1
        previous = nil
        if byte == UInt8(ascii: "(") || byte == UInt8(ascii: "[") {
            brackets.append(byte)
            isAfterOperand = false
        } else {
            let opening = byte == UInt8(ascii: ")") ? UInt8(ascii: "(") : UInt8(ascii: "[")
            guard brackets.popLast() == opening else { throw .unbalanced }
            isAfterOperand = true
        }
    }

    private mutating func takeColon() {
        if peek(1) == UInt8(ascii: ":") {
            position += 2
            isAfterOperand = false
            return
        }
        let isSlice = brackets.last == UInt8(ascii: "[") && isAfterOperand
        guard let next = peek(1), Self.isLetter(next), !isSlice else {
            position += 1
            isAfterOperand = false
            return
        }
        flush(to: position)
        position += 1
        let begin = position
        while let byte = peek(), Self.isLetter(byte) || Self.isDigit(byte) { position += 1 }
        let name = String(decoding: bytes[begin..<position], as: UTF8.self)
        if let index = names.firstIndex(where: { ExactText.areSame($0, name) }) {
            pieces.append(.parameter(index))
        } else {
            pieces.append(.parameter(names.count))
            names.append(name)
        }
        start = position
        isAfterOperand = true
    }

    /// Only space and comments may follow a semicolon.
    private mutating func takeEnd() throws(StatementMappingError) {
        try finish(at: position)
        while let byte = peek() {
            if byte == UInt8(ascii: "-"), peek(1) == byte {
                skipLine()
            } else if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                try skipComment()
            } else if byte == UInt8(ascii: ";") || Self.isSpace(byte) {
                position += 1
            } else {
                throw .severalStatements
            }
        }
    }

    // MARK: Text that is left alone

    private mutating func skipQuoted(_ quote: UInt8, hasEscapes: Bool) throws(StatementMappingError) {
        position += 1
        while let byte = peek() {
            position += 1
            if byte == UInt8(ascii: "\\"), hasEscapes {
                position += 1
            } else if byte == quote {
                guard peek() == quote else {
                    isAfterOperand = true
                    if brackets.isEmpty { previous = nil }
                    return
                }
                position += 1
            }
        }
        throw .openQuote
    }

    private mutating func skipLine() {
        while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { position += 1 }
    }

    /// Comments nest.
    private mutating func skipComment() throws(StatementMappingError) {
        var depth = 0
        repeat {
            guard let byte = peek() else { throw .openComment }
            if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                position += 2
            } else if byte == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
            } else {
                position += 1
            }
        } while depth > 0
    }

    /// `$$..$$` and `$tag$..$tag$`.
    private mutating func skipDollar() throws(StatementMappingError) {
        var end = position + 1
        if end < bytes.count, Self.isDigit(bytes[end]) { throw .numberedParameter }
        while end < bytes.count, Self.isLetter(bytes[end]) || Self.isDigit(bytes[end]) { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "$") else {
            position += 1
            return
        }
        let tag = bytes[position...end]
        position = end + 1
        while position + tag.count <= bytes.count {
            if bytes[position] == UInt8(ascii: "$"), bytes[position..<(position + tag.count)].elementsEqual(tag) {
                position += tag.count
                isAfterOperand = true
                return
            }
            position += 1
        }
        throw .openQuote
    }

    // MARK: Characters

    private func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}
