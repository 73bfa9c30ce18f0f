/// The head of an HTTP answer: its status and its fields (RFC 9112 sections 4 and 5).
struct HTTPAnswer: Equatable {
    /// A line of the head.
    struct Field: Equatable {
        /// In lower case: HTTP does not distinguish.
        let name: String
        /// Without the blanks around it.
        let value: String
    }

    /// From 100 to 599.
    let status: Int
    /// The server's text for the status; foreign text.
    let reason: String
    /// In the order in which they arrived.
    var fields: [Field] = []

    /// The values of all fields with a name (in lower case).
    func values(_ name: String) -> [String] {
        self.fields.filter { $0.name == name }.map(\.value)
    }

    /// The elements of the lists in all fields with a name.
    func elements(_ name: String) -> [String] {
        self.values(name).flatMap { $0.split(separator: ",") }.map(Self.trimmed).filter { !$0.isEmpty }
    }

    /// The status line; nil if the line is not one.
    init?(statusLine line: String) {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), parts[1].utf8.count == 3,
            let status = Int(parts[1]), (100...599).contains(status)
        else { return nil }
        self.status = status
        self.reason = parts.count > 2 ? String(parts[2]) : ""
    }

    /// Takes a line of the head; false if it is not a field.
    mutating func add(line: String) -> Bool {
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
            line[..<colon].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return false }
        let value = Self.trimmed(line[line.index(after: colon)...])
        self.fields.append(Field(name: line[..<colon].lowercased(), value: value))
        return true
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        guard let last = text.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(text[...last].drop(while: isBlank))
    }
}
