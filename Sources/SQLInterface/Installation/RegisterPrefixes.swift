import Names

/// The names that one role may register: URIs and patterns that begin with one of the prefixes.
package struct RegisterPrefixes: Sendable, Equatable {
    /// A role that has the right to register, or PUBLIC.
    package let role: String
    /// Each ends in a dot. None: any name.
    package private(set) var prefixes: [String] = []

    /// Reads `ROLE=com.example.x.`, any number of times for a role; `ROLE=` alone removes its prefixes.
    ///
    /// - Throws: ``InstallationRefusal`` if the text has another form.
    package static func read(_ texts: [String]) throws(InstallationRefusal) -> [Self] {
        var all: [Self] = []
        for text in texts {
            // A prefix can't hold '=', a role's name can.
            guard let sign = text.lastIndex(of: "="), sign != text.startIndex else {
                throw InstallationRefusal("--register-prefix \(text): write for example shop=com.example.shop.")
            }
            let role = String(text[..<sign])
            let prefix = String(text[text.index(after: sign)...])
            let index = all.firstIndex { $0.role == role } ?? all.endIndex
            if index == all.endIndex { all.append(Self(role: role)) }
            guard !prefix.isEmpty else { continue }
            try Self.check(prefix)
            if !all[index].prefixes.contains(prefix) { all[index].prefixes.append(prefix) }
        }
        return all
    }

    private init(role: String) {
        self.role = role
    }

    private static func check(_ prefix: String) throws(InstallationRefusal) {
        guard prefix.utf8.last == UInt8(ascii: ".") else {
            throw InstallationRefusal(
                "the prefix '\(prefix)' must end in a dot; without it '\(prefix)x' would match too")
        }
        do {
            _ = try URI(String(prefix.dropLast()))
        } catch {
            throw InstallationRefusal("the prefix '\(prefix)' \(error.description)")
        }
    }
}
