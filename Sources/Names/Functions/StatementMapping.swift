/// The statement of a mapping's `sql`: checked as far as possible without a server, and its parameters found.
///
/// One statement of SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE or WITH; `:name` is a parameter. Quotes, dollar
/// quotes and comments are left alone, as are casts (`::`) and the bounds of array slices.
package struct StatementMapping: Sendable, Equatable {
    /// The names of the parameters, in the order in which they first appear.
    package let names: [String]
    /// The list of WITH, up to the statement itself; empty without WITH.
    package let preamble: [Piece]
    /// The statement itself.
    package let main: [Piece]
    /// What the statement does.
    package let verb: Verb
    /// True if the statement itself has RETURNING.
    package let hasReturning: Bool

    /// A part of the text.
    package enum Piece: Sendable, Equatable {
        case text(String)
        /// A parameter, as an index of ``StatementMapping/names``.
        case parameter(Int)
    }

    /// What the statement does.
    package enum Verb: String, Sendable, CaseIterable {
        case select, values, insert, update, delete, merge

        /// True if it returns rows without RETURNING.
        package var isQuery: Bool {
            switch self {
            case .select, .values: true
            case .insert, .update, .delete, .merge: false
            }
        }
    }

    /// Takes the mapping's text.
    package init(_ text: String) throws(StatementMappingError) {
        var scanner = StatementScanner(text)
        try scanner.scan()
        guard let first = scanner.firstWord else { throw scanner.pieces.isEmpty ? .empty : .unknownVerb(nil) }
        guard first == "with" || Verb(rawValue: first) != nil else { throw .unknownVerb(first) }
        guard let verb = scanner.verb, let start = scanner.verbPiece else { throw .withoutVerb }
        self.names = scanner.names
        // Without WITH only comments can precede it.
        self.preamble = first == "with" ? Array(scanner.pieces[..<start]) : []
        self.main = Array(scanner.pieces[start...])
        self.verb = verb
        self.hasReturning = scanner.hasReturning
    }

    /// The statement with plain `$1`, `$2`, ..: prepared once so that the server reports the types of the parameters
    /// and columns (``StatementDescription``).
    package var probe: String {
        Self.text(preamble + main) { "$\($0 + 1)" }
    }

    /// The text of pieces.
    package static func text(_ pieces: [Piece], parameter: (Int) -> String) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let part): text += part
            case .parameter(let index): text += parameter(index)
            }
        }
        return text
    }
}

/// Why a text is not a valid statement for a mapping; its description completes the sentence "the statement ..".
package enum StatementMappingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no text.
    case empty
    /// Another kind of statement, or none.
    case unknownVerb(String?)
    /// A WITH list without a statement after it.
    case withoutVerb
    /// There is text after the semicolon.
    case severalStatements
    /// A quote is not terminated.
    case openQuote
    /// A comment is not closed.
    case openComment
    /// A bracket is not closed, or not opened.
    case unbalanced
    /// `$1`, which would clash with the numbers that the sidecar writes.
    case numberedParameter

    /// The fault, in words for users.
    package var description: String {
        switch self {
        case .empty: "is empty"
        case .unknownVerb(let verb):
            (verb.map { "begins with \($0.uppercased())" } ?? "does not begin with a word")
                + "; only SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE and WITH are allowed"
        case .withoutVerb: "has WITH, but no SELECT, VALUES, INSERT, UPDATE, DELETE or MERGE after its list"
        case .severalStatements: "is more than one statement; put them into a function"
        case .openQuote: "has an unterminated quote"
        case .openComment: "has an unterminated comment"
        case .unbalanced: "has an unbalanced bracket"
        case .numberedParameter: "has a numbered parameter like $1; write :name"
        }
    }
}
