/// A mapping of the file that is being read: its keys are checked against their table at once. The functions that read
/// its values check the type and report faults, so that reading continues and finds all faults.
struct Section {
    /// The reading it belongs to.
    let reading: Reading

    /// The name of the section, as words that follow a key: `in router.auth`, `in procedure 'com.example.add2'`.
    let place: String

    /// The place of the section's key, which is also the place of missing keys.
    let location: Location

    private let entries: [String: YAMLEntry]

    /// The section of a node; nil, and a fault, if it is not a mapping. An empty value is an empty section.
    init?(_ node: YAMLNode, at location: Location, place: String, keys: KeyTable, example: String, reading: Reading) {
        guard let entries = Self.entries(of: node) else {
            reading.add(
                at: node.location, "there is \(node.kind) where keys are expected \(place)", "write e.g. \(example)")
            return nil
        }
        self.reading = reading
        self.place = place
        self.location = location
        self.entries = Dictionary(entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for entry in entries where !keys.now.contains(entry.key) { self.refuse(entry, keys: keys) }
    }

    /// The entries of a mapping, none for an empty value, nil for anything else.
    static func entries(of node: YAMLNode) -> [YAMLEntry]? {
        if node.isNull { return [] }
        switch node.content {
        case .mapping(let entries): return entries
        case .scalar, .sequence: return nil
        }
    }

    /// The value of a key with the place of the key.
    func entry(_ key: String) -> YAMLEntry? { self.entries[key] }

    /// Whether a key exists, whatever its value.
    func has(_ key: String) -> Bool { self.entries[key] != nil }

    /// Reports that a key is missing.
    func missing(_ key: String, example: String) {
        self.reading.add(at: self.location, "'\(key)' is missing \(self.place)", "add e.g. \(key): \(example)")
    }

    /// Reports that a key can't be combined with something else. Does nothing if the key is missing.
    func clash(_ key: String, _ problem: String, _ remedy: String) {
        guard let entry = self.entries[key] else { return }
        self.reading.add(at: entry.location, "'\(key)' \(self.place) \(problem)", remedy)
    }

    private func refuse(_ entry: YAMLEntry, keys: KeyTable) {
        let (problem, remedy): (String, String)
        if keys.later.contains(entry.key) {
            problem = "'\(entry.key)' is not supported by this version of wamp-sidecar (\(self.place))"
            remedy = "remove it"
        } else if entry.key == "<<" {
            problem = "merge keys ('<<') are not supported \(self.place)"
            remedy = "write the keys out"
        } else if let meant = Suggestion.nearest(to: entry.key, among: keys.now) {
            problem = "unknown key \(Shown.quoted(entry.key)) \(self.place)"
            remedy = self.has(meant) ? "did you mean '\(meant)', which already exists?" : "did you mean '\(meant)'?"
        } else if let name = entry.shownKey {
            problem = "unknown key '\(name)' \(self.place)"
            remedy = "the keys here are \(keys.now.joined(separator: ", "))"
        } else {
            problem = "there is an unknown key \(self.place)"
            remedy = "write 'key: value' with a space after the colon, and put values that have commas into quotes"
        }
        self.reading.add(at: entry.location, problem, remedy)
    }
}

extension YAMLNode {
    /// The kind of node, in words for users.
    var kind: String {
        switch self.content {
        case .scalar: self.isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping of keys"
        }
    }
}
