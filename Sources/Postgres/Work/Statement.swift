import Synchronization

/// A prepared statement: its text, and the name under which every connection that runs it prepares it.
///
/// The identity is the object: two statements of equal text are two statements, each with its own name, so that one of
/// them can be given up (after a changed definition, for example) while calls of the other are under way. Each
/// connection knows whether it has prepared it. Immutable, so any thread may hold it.
package final class Statement: Sendable, Hashable, CustomStringConvertible {
    /// The name on the server: `w` and a number that is unique in the process, for example `w17`.
    package let name: String
    /// The name in libpq's form: made once, not for each call.
    let nameForLibpq: ContiguousArray<CChar>
    /// The SQL text, with `$1`, `$2`, .. for its parameters.
    package let text: String

    private static let lastNumber = Atomic<UInt64>(0)

    /// Makes a statement with a new name. Nothing is sent.
    package init(_ text: String) {
        let number = Statement.lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        self.name = "w\(number)"
        self.nameForLibpq = self.name.utf8CString
        self.text = text
    }

    /// True only for the same object.
    package static func == (left: Statement, right: Statement) -> Bool {
        left === right
    }

    /// Hashes the identity.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }

    /// The name and the text. The text contains no value of any call.
    package var description: String {
        "\(name): \(text)"
    }
}
