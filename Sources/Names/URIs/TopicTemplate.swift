/// A topic with places for values of the payload: `com.example.order.{id}.moved`.
package struct TopicTemplate: Sendable, Hashable, CustomStringConvertible {
    /// A piece of the topic.
    package enum Part: Sendable, Hashable {
        /// Text that stays as it is.
        case text(String)

        /// The key of the payload's object whose value goes here.
        case key(String)
    }

    /// The topic as the file has it.
    package let text: String

    /// Its pieces in order; no text is empty, and no two texts follow one another.
    package let parts: [Part]

    /// The topic with the same ordinary word at each place.
    package let sample: URI

    /// Takes a text apart at its `{key}`s.
    package init(_ text: String) throws(TopicTemplateError) {
        var parts: [Part] = []
        var rest = Substring(text)
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[brace] == "{" else { throw .closingBrace }
            if brace > rest.startIndex { parts.append(.text(String(rest[..<brace]))) }
            rest = rest[rest.index(after: brace)...]
            guard let end = rest.firstIndex(where: { $0 == "{" || $0 == "}" }), rest[end] == "}" else {
                throw .openBrace
            }
            guard end > rest.startIndex else { throw .emptyKey }
            parts.append(.key(String(rest[..<end])))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.text = text
        self.parts = parts
        do {
            self.sample = try URI(Self.sample(of: parts))
        } catch {
            throw .uri(error)
        }
    }

    private static func sample(of parts: [Part]) -> String {
        parts.map {
            switch $0 {
            case .text(let text): text
            case .key: "key"
            }
        }.joined()
    }

    /// The topic, if it is the same for every payload.
    package var fixed: URI? {
        let isFixed = self.parts.allSatisfy {
            switch $0 {
            case .text: true
            case .key: false
            }
        }
        return isFixed ? self.sample : nil
    }

    /// The topic as the file has it.
    package var description: String { self.text }
}

/// Why a text is not a template of a topic; its description completes the sentence "the topic ...".
package enum TopicTemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A `}` that no `{` opens.
    case closingBrace
    /// A `{` that no `}` closes.
    case openBrace
    /// There is no key between the braces.
    case emptyKey
    /// With any word at its places it is not a URI.
    case uri(URIError)

    /// The fault, in words for users.
    package var description: String {
        switch self {
        case .closingBrace: "has a '}' without a '{'"
        case .openBrace: "has a '{' without a '}'"
        case .emptyKey: "has a '{}' without a key"
        case .uri(let error): error.description
        }
    }
}
