internal import Names

extension Reading {
    /// The section `testament` of `router`; nil if it is missing or faulty.
    func testament(_ router: Section) -> TestamentSettings? {
        guard let entry = router.entry("testament"),
            let section = Section(
                entry.value, at: entry.location, place: "in router.testament", keys: .testament,
                example: "testament: { topic: com.example.sidecar.gone }", reading: self)
        else { return nil }
        let example = "com.example.sidecar.gone"
        let topic = section.value("topic", Expected(what: "a topic", example: example), parse: Self.testamentTopic)
        if !section.has("topic") { section.missing("topic", example: example) }
        let arguments = section.list("args", example: "sidecar-1")?.compactMap {
            self.value($0, "'args' in router.testament")
        }
        let keywordArguments = self.keywordArguments(section)
        return topic.map {
            TestamentSettings(
                location: entry.location, topic: $0, arguments: arguments ?? [],
                keywordArguments: keywordArguments)
        }
    }

    private static func testamentTopic(_ text: String) throws(TextFault) -> URI {
        if text == "wamp" || text.hasPrefix("wamp.") {
            throw TextFault("begins with 'wamp', which is reserved for routers")
        }
        do {
            return try URI(text)
        } catch {
            throw TextFault(error.description)
        }
    }

    private func keywordArguments(_ section: Section) -> [(key: String, value: PayloadValue)] {
        guard let entry = section.entry("kwargs") else { return [] }
        guard let entries = Section.entries(of: entry.value) else {
            self.add(
                at: entry.value.location,
                "\(section.name(of: "kwargs")) is \(entry.value.kind) instead of a mapping of names",
                "write e.g. kwargs: { host: db-1 }")
            return []
        }
        return self.members(entries, section.name(of: "kwargs"))
    }

    private func members(_ entries: [YAMLEntry], _ name: String) -> [(key: String, value: PayloadValue)] {
        entries.compactMap { entry in self.value(entry.value, name).map { (entry.key, $0) } }
    }

    /// A value of any kind; nil and a fault if a variable in it is faulty. The document's bounds limit the recursion.
    private func value(_ node: YAMLNode, _ name: String) -> PayloadValue? {
        if node.isNull { return .null }
        switch node.content {
        case .scalar(let text, let isPlain):
            do {
                let text = try Variables.expand(text, environment: self.environment).text
                if text.utf8.contains(0) {
                    self.add(at: node.location, "a value of \(name) contains a NUL", "remove it")
                    return nil
                }
                return isPlain ? Self.plainValue(text) : .string(text)
            } catch {
                self.add(at: node.location, "\(error.problem) (a value of \(name))", error.remedy)
                return nil
            }
        case .sequence(let nodes):
            return .list(nodes.compactMap { self.value($0, name) })
        case .mapping(let entries):
            return .object(self.members(entries, name))
        }
    }

    /// The value of a text without quotes: the same as in JSON, otherwise a string.
    private static func plainValue(_ text: String) -> PayloadValue {
        switch text {
        case "true": .bool(true)
        case "false": .bool(false)
        default: self.isNumber(text) ? .number(text) : .string(text)
        }
    }

    /// Whether a text is a number of JSON's grammar (RFC 8259, section 6).
    private static func isNumber(_ text: String) -> Bool {
        var rest = Substring(text)
        func digits() -> Substring {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            return digits
        }
        if rest.first == "-" { rest.removeFirst() }
        let whole = digits()
        guard !whole.isEmpty, whole == "0" || whole.first != "0" else { return false }
        if rest.first == "." {
            rest.removeFirst()
            guard !digits().isEmpty else { return false }
        }
        if rest.first == "e" || rest.first == "E" {
            rest.removeFirst()
            if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
            guard !digits().isEmpty else { return false }
        }
        return rest.isEmpty
    }
}
