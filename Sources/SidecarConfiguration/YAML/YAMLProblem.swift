/// Turns the constant texts in which libyaml reports a fault into sentences with a remedy.
enum YAMLProblem {
    /// The message for users.
    struct Sentence {
        let problem: String
        let remedy: String

        /// Whether the place to name is the beginning of the unfinished thing instead of the place where that was
        /// noticed.
        var isAboutBeginning = false
    }

    /// The sentence for a problem, and for the context that libyaml found it in.
    static func sentence(problem: String, context: String) -> Sentence {
        if context.contains("quoted scalar"), problem.contains("unexpected end") || problem.contains("document ind") {
            return Sentence(
                problem: "the quotes opened here are never closed", remedy: "close them",
                isAboutBeginning: true)
        }
        if let known = Self.known.first(where: { problem.contains($0.text) }) { return known.sentence }
        return Sentence(
            problem: "this is not YAML (\(problem.isEmpty ? "of an unknown kind" : problem))",
            remedy: "check quotes, brackets and indentation from here upwards")
    }

    private static let known: [(text: String, sentence: Sentence)] = [
        (
            "mapping values are not allowed",
            Sentence(
                problem: "a ':' is not allowed here",
                remedy: "put a value that has ': ' in it into quotes, or correct the indentation")
        ),
        (
            "cannot start any token",
            Sentence(
                problem: "a value can't begin with this character",
                remedy:
                    "indent with spaces instead of tabs, and put a value that begins with '@', '`' or '%' into quotes")
        ),
        (
            "found a tab character",
            Sentence(problem: "a tab can't be used to indent", remedy: "indent with spaces")
        ),
        (
            "found unknown escape",
            Sentence(
                problem: "there is no such escape sequence in double quotes",
                remedy: "write \\\\ for a backslash, or use single quotes")
        ),
        (
            "could not find expected ':'",
            Sentence(problem: "a ':' is missing after this key", remedy: "write 'key: value', with a space")
        ),
        (
            "did not find expected ',' or ']'",
            Sentence(
                problem: "a ',' or ']' is missing before this place",
                remedy: "close the list, and put values that have ',', '[' or '{' in them into quotes")
        ),
        (
            "did not find expected ',' or '}'",
            Sentence(
                problem: "a ',' or '}' is missing before this place",
                remedy: "close the braces, and put values that have ',', '{' or '}' in them into quotes")
        ),
        (
            "did not find expected key",
            Sentence(
                problem: "a key was expected here",
                remedy: "indent it as the keys above, and check that quotes are closed")
        ),
        (
            "did not find expected '-' indicator",
            Sentence(problem: "a '-' was expected here", remedy: "indent it as the list above")
        ),
        (
            "block sequence entries are not allowed",
            Sentence(problem: "a list can't begin here", remedy: "begin it on its own line")
        ),
        (
            "did not find expected <document start>",
            Sentence(
                problem: "the file continues after its end",
                remedy: "indent everything the same, and write nothing but keys at the left margin")
        ),
        // Only the libyaml of some systems has this.
        (
            "Maximum nesting level",
            Sentence(problem: "this is nested too deeply", remedy: "nest less")
        ),
    ]
}
