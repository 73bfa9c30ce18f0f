/// The kind of value that a key expects, for messages: `a duration`, with an example.
struct Expected {
    /// With its article: `a duration`.
    let what: String

    /// A valid value.
    let example: String
}

/// A single value after its variables were replaced.
struct Scalar {
    /// The text.
    let text: String

    /// Its place.
    let location: Location

    /// Whether it had no quotes, or came from a variable: only then it can be a number or true.
    let isBare: Bool

    /// Whether it may be shown: no part of it came from a variable.
    let isLiteral: Bool

    /// Whether it is a shell's form of a variable, `$NAME`, which has no meaning here.
    var isUnbracedVariable: Bool {
        self.isBare && self.isLiteral && self.text.wholeMatch(of: /\$[A-Za-z_][A-Za-z0-9_]*/) != nil
    }

    /// Whether YAML takes it for something other than a text.
    var isNumberOrBoolean: Bool {
        guard self.isBare, self.isLiteral, let first = self.text.utf8.first else { return false }
        if ["true", "false"].contains(self.text.lowercased()) { return true }
        let isNumeric = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) || "+-.".utf8.contains(first)
        return isNumeric && Double(self.text) != nil
    }

    /// The text for a message, or a description if it must not be shown: from a variable it may be a secret, and with
    /// spaces in it YAML may have joined it with a line below.
    var shown: String {
        if !self.isLiteral { return "the value of a variable" }
        return self.text.contains(where: \.isWhitespace) ? "more than one word" : Shown.quoted(self.text)
    }
}

extension Section {
    /// The single value of a node; nil and a fault if it is something else, or if a variable in it is faulty.
    ///
    /// - Parameter name: The node in messages: `'timeout' in procedure 'com.example.add2'`.
    func scalar(_ node: YAMLNode, name: String, _ expected: Expected) -> Scalar? {
        guard case .scalar(let text, let isPlain) = node.content, !node.isNull else {
            self.reading.add(
                at: node.location, "\(name) is \(node.kind) instead of \(expected.what)",
                "write e.g. \(expected.example)")
            return nil
        }
        do {
            let expanded = try Variables.expand(text, environment: self.reading.environment)
            return Scalar(
                text: expanded.text, location: node.location, isBare: isPlain || expanded.hasVariables,
                isLiteral: !expanded.hasVariables)
        } catch {
            self.reading.add(at: node.location, "\(error.problem) (\(name))", error.remedy)
            return nil
        }
    }

    /// The single value of a key; nil if the key is missing or its value is faulty.
    func scalar(_ key: String, _ expected: Expected) -> Scalar? {
        guard let entry = self.entry(key) else { return nil }
        let example = Expected(what: expected.what, example: "\(key): \(expected.example)")
        return self.scalar(entry.value, name: self.name(of: key), example)
    }

    /// A key with its section, as the beginning of a message.
    func name(of key: String) -> String { "'\(key)' \(self.place)" }

    /// The text of a scalar; nil and a fault if it is empty, contains a NUL, or YAML takes it for something else.
    func text(_ scalar: Scalar?, name: String) -> Located<String>? {
        guard let scalar else { return nil }
        if scalar.isNumberOrBoolean {
            self.reading.add(at: scalar.location, "\(name) is a number or a boolean, not a text", "put it into quotes")
        } else if scalar.isUnbracedVariable {
            self.reading.add(
                at: scalar.location, "\(name) looks like a variable, but has no braces",
                "write ${NAME}, or put it into quotes if it is meant literally")
        } else if scalar.text.isEmpty {
            self.reading.add(
                at: scalar.location, "\(name) is empty", scalar.isLiteral ? "give it a value" : "set its variable")
        } else if scalar.text.utf8.contains(0) {
            self.reading.add(at: scalar.location, "\(name) contains a NUL", "remove it")
        } else {
            return Located(scalar.text, at: scalar.location)
        }
        return nil
    }

    /// The text of a key; nil if it is missing or faulty.
    ///
    /// - Parameter check: returns the fault of a text, as the end of a sentence that begins with the key's name.
    func text(
        _ key: String, _ expected: Expected, remedy: String? = nil, check: (String) -> String? = { _ in nil }
    ) -> Located<String>? {
        guard let text = self.text(self.scalar(key, expected), name: self.name(of: key)) else { return nil }
        if let problem = check(text.value) {
            self.reading.add(
                at: text.location, "\(self.name(of: key)) \(problem)",
                remedy ?? "write e.g. \(key): \(expected.example)")
            return nil
        }
        return text
    }

    /// The parsed value of a key; nil if it is missing or faulty.
    ///
    /// - Parameter parse: throws the fault of a text, as the end of a sentence that begins with the key's name. It must
    ///   not repeat the text, which may contain a password.
    func value<Value, Failure: Error & CustomStringConvertible>(
        _ key: String, _ expected: Expected, remedy: String? = nil, parse: (String) throws(Failure) -> Value
    ) -> Located<Value>? {
        self.text(key, expected).flatMap { self.value(of: $0, key, expected, remedy: remedy, parse: parse) }
    }

    /// The same for a text that has been read.
    func value<Value, Failure: Error & CustomStringConvertible>(
        of text: Located<String>, _ key: String, _ expected: Expected, remedy: String? = nil,
        parse: (String) throws(Failure) -> Value
    ) -> Located<Value>? {
        do throws(Failure) {
            return Located(try parse(text.value), at: text.location)
        } catch {
            self.reading.add(
                at: text.location, "\(self.name(of: key)) \(error)", remedy ?? "write e.g. \(key): \(expected.example)")
            return nil
        }
    }

    /// The texts of a key that expects a list; nil if it is missing or isn't one.
    func texts(_ key: String, example: String) -> [Located<String>]? {
        let name = "a value of \(self.name(of: key))"
        return self.list(key, example: example)?.compactMap {
            self.text(self.scalar($0, name: name, Expected(what: "a text", example: example)), name: name)
        }
    }

    /// The nodes of a key that expects a list; nil if it is missing or isn't one.
    func list(_ key: String, example: String) -> [YAMLNode]? {
        guard let entry = self.entry(key) else { return nil }
        guard case .sequence(let nodes) = entry.value.content else {
            self.reading.add(
                at: entry.value.location, "\(self.name(of: key)) is \(entry.value.kind) instead of a list",
                "write e.g. \(key): [\(example)]")
            return nil
        }
        return nodes
    }

    /// The boolean of a key; nil if it is missing or faulty.
    func flag(_ key: String) -> Bool? {
        guard let scalar = self.scalar(key, Expected(what: "true or false", example: "true")) else { return nil }
        if scalar.isBare, scalar.text == "true" { return true }
        if scalar.isBare, scalar.text == "false" { return false }
        self.refuse(
            scalar, key, "which is neither true nor false", "write \(key): true or \(key): false, without quotes")
        return nil
    }

    /// The whole number of a key; nil if it is missing, faulty or out of bounds.
    func number(_ key: String, in bounds: ClosedRange<Int>) -> Int? {
        let expected = Expected(what: "a whole number", example: "\(bounds.lowerBound)")
        guard let scalar = self.scalar(key, expected) else { return nil }
        let remedy = "write a number from \(bounds.lowerBound) to \(bounds.upperBound)"
        let isWritten = scalar.isBare && !scalar.text.hasPrefix("+")
        guard isWritten, let number = Int(scalar.text), bounds.contains(number) else {
            if !scalar.isBare, Int(scalar.text) != nil {
                self.refuse(scalar, key, "which is a text because of its quotes", "write \(key): \(scalar.text)")
                return nil
            }
            let isNumber = isWritten && Int(scalar.text) != nil
            self.refuse(scalar, key, isNumber ? "which is out of bounds" : "which is not a whole number", remedy)
            return nil
        }
        return number
    }

    /// The duration of a key; nil if it is missing, faulty or out of bounds.
    func duration(_ key: String, in bounds: ClosedRange<Duration>) -> Duration? {
        let expected = Expected(what: "a duration", example: "30s")
        guard let scalar = self.scalar(key, expected) else { return nil }
        guard let duration = Quantities.duration(scalar.text) else {
            self.refuse(
                scalar, key, "which is not a duration",
                "write a whole number and a unit (ms, s, m, h or d), e.g. \(key): 30s")
            return nil
        }
        guard bounds.contains(duration) else {
            let (least, most) = (Quantities.text(bounds.lowerBound), Quantities.text(bounds.upperBound))
            self.refuse(scalar, key, "which is out of bounds", "write a duration from \(least) to \(most)")
            return nil
        }
        return duration
    }

    /// The number of octets of a key; nil if it is missing, faulty or out of bounds.
    func size(_ key: String, in bounds: ClosedRange<Int>) -> Int? {
        guard let scalar = self.scalar(key, Expected(what: "a size", example: "8MiB")) else { return nil }
        guard let size = Quantities.size(scalar.text) else {
            self.refuse(
                scalar, key, "which is not a size",
                "write a whole number and a unit (B, KiB, MiB, GiB, KB, MB or GB), e.g. \(key): 8MiB")
            return nil
        }
        guard bounds.contains(size) else {
            let (least, most) = (Quantities.text(bounds.lowerBound), Quantities.text(bounds.upperBound))
            self.refuse(scalar, key, "which is out of bounds", "write a size from \(least) to \(most)")
            return nil
        }
        return size
    }

    /// One of the words that a key allows; nil if it is missing or faulty.
    func choice<Choice: CaseIterable & RawRepresentable<String>>(_ key: String, of type: Choice.Type) -> Choice? {
        let words = Choice.allCases.map(\.rawValue)
        let expected = Expected(what: Shown.choice(words), example: words.first ?? "")
        guard let scalar = self.scalar(key, expected) else { return nil }
        return self.choice(scalar, key, of: type)
    }

    /// One of the words that a key allows; nil and a fault if the scalar is none of them.
    func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ scalar: Scalar, _ key: String, of type: Choice.Type
    ) -> Choice? {
        if let choice = Choice(rawValue: scalar.text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let values = "write \(Shown.choice(words))"
        let nearest = Suggestion.nearest(to: scalar.text, among: words).map { "did you mean '\($0)'?" }
        self.refuse(scalar, key, "which is not allowed", nearest ?? values)
        return nil
    }

    private func refuse(_ scalar: Scalar, _ key: String, _ problem: String, _ remedy: String) {
        self.reading.add(at: scalar.location, "\(self.name(of: key)) is \(scalar.shown), \(problem)", remedy)
    }
}
