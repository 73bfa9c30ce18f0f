import Names
import WAMP

/// A document of `/status`, or a member of it, which may be missing or of another kind.
struct StatusDocument {
    let value: Value

    subscript(name: String) -> StatusDocument {
        guard case .dictionary(let members) = self.value else { return StatusDocument(value: .null) }
        return StatusDocument(value: members[name] ?? .null)
    }

    /// Whether there is anything.
    var isThere: Bool { self.value != .null }

    var isTrue: Bool { self.value == .bool(true) }

    /// The text; an empty one if it is none.
    var text: String {
        guard case .string(let text) = self.value else { return "" }
        return text
    }

    /// Whether this is the text.
    func says(_ word: String) -> Bool { ExactText.areSame(self.text, word) }

    var number: Double? {
        switch self.value {
        case .integer(let number): Double(number)
        case .double(let number): number.isFinite ? number : nil
        case .null, .bool, .string, .binary, .list, .dictionary: nil
        }
    }

    /// The number of things; 0 if it is none.
    var count: Int {
        guard case .integer(let number) = self.value else { return 0 }
        return Int(number)
    }

    var list: [StatusDocument] {
        guard case .list(let list) = self.value else { return [] }
        return list.map(StatusDocument.init)
    }

    /// The members, by their names.
    var members: [(name: String, value: StatusDocument)] {
        guard case .dictionary(let members) = self.value else { return [] }
        return members.sorted { $0.key < $1.key }.map { ($0.key, StatusDocument(value: $0.value)) }
    }
}
