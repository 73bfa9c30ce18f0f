extension YAMLEntry {
    /// The key if it may be part of a message.
    ///
    /// With a blank forgotten (`password:hunter2`) or a brace too much (`{ticket, hunter2}`) YAML takes a secret for a
    /// key, so one that doesn't look like a key, or has no value, isn't shown.
    var shownKey: String? {
        guard !self.value.isNull, self.looksLikeKey else { return nil }
        return self.key
    }

    /// Whether it could be a key of ours, misspelt: letters, digits, `_` and `-`.
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
    /// Whether nothing stands there, or one of YAML's words for nothing.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = self.content else { return false }
        return text.isEmpty || ["~", "null", "Null", "NULL"].contains(text)
    }
}
