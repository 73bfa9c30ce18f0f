/// A topic with places for values of the payload: `com.example.order.{id}.moved`.
package struct TopicTemplate: Sendable, Hashable, CustomStringConvertible {
    /// A piece of the topic.
    package enum Part: Sendable, Hashable {
        /// Text that stays as it is.
        case text(String)

        /// The key of the payload's object whose value goes here.
        case key(String)
    }

    /// Why a text is no template, in a user's words.
    package struct Fault: Error {
        /// Completes "the topic ...".
        package let problem: String
    }

    /// The topic as the file has it.
    package let text: String

    /// Its pieces in order; no text is empty, and no two texts follow one another.
    package let parts: [Part]

    /// Takes a text apart at its `{key}`s.
    package init(_ text: String) throws(Fault) {
        var parts: [Part] = []
        var rest = Substring(text)
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[brace] == "{" else { throw Fault(problem: "has a '}' without a '{'") }
            if brace > rest.startIndex { parts.append(.text(String(rest[..<brace]))) }
            rest = rest[rest.index(after: brace)...]
            guard let end = rest.firstIndex(where: { $0 == "{" || $0 == "}" }), rest[end] == "}" else {
                throw Fault(problem: "has a '{' without a '}'")
            }
            guard end > rest.startIndex else { throw Fault(problem: "has a '{}' without a key in it") }
            parts.append(.key(String(rest[..<end])))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.text = text
        self.parts = parts
    }

    /// Whether the topic is the same for every payload.
    package var isFixed: Bool {
        self.parts.allSatisfy {
            switch $0 {
            case .text: true
            case .key: false
            }
        }
    }

    /// The topic with the same ordinary word in each place: what the check of URIs looks at.
    package var sample: String {
        self.parts.map {
            switch $0 {
            case .text(let text): text
            case .key: "key"
            }
        }.joined()
    }

    /// The topic as the file has it.
    package var description: String { self.text }
}
