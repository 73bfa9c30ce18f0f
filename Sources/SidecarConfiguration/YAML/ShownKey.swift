extension YAMLEntry {
    /// The key if a message may contain it.
    ///
    /// If a space is missing (`password:hunter2`) or there is a brace too many (`{ticket, hunter2}`), YAML takes a
    /// secret for a key, so one that doesn't look like a key, or has no value, isn't shown.
    var shownKey: String? {
        guard !self.value.isNull, self.looksLikeKey else { return nil }
        return self.key
    }

    /// Whether it could be a misspelt key: letters, digits, `_` and `-`.
    var looksLikeKey: Bool {
        (1...40).contains(self.key.utf8.count)
            && self.key.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

extension YAMLNode {
    /// Whether the value is empty, or one of YAML's words for nothing.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = self.content else { return false }
        return text.isEmpty || ["~", "null", "Null", "NULL"].contains(text)
    }
}
