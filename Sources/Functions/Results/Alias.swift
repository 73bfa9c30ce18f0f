import Postgres

/// A generated name for a FROM item of a statement: the only place that makes such names.
///
/// It is quoted, and begins unlike a user's names, but a user may have such a name all the same. So rows are referenced
/// by ``whole``, never by the bare name, which a column of that name would capture; columns are always qualified by it;
/// and a name beside a user's own, in a WITH list, does not occur in the user's text (``unlike(_:)``).
package struct Alias: Sendable, Equatable {
    /// The name for SQL text, quoted.
    package let sql: String
    private let name: String

    /// The rows of a function, or of a statement.
    static let row = Alias("wamp.row")
    /// An object made of a row's columns.
    static let object = Alias("wamp.object")
    /// The JSON texts, before they are measured.
    static let result = Alias("wamp.result")
    /// The rows of a statement in its WITH list.
    static let rows = Alias("wamp.rows")
    /// An argument that is converted from JSON.
    static let argument = Alias("wamp.argument")
    /// An element of an array.
    static let element = Alias("wamp.element")
    /// The number of elements of each level of an array.
    static let sizes = Alias("wamp.sizes")

    /// All of them.
    static let all = [row, object, result, rows, argument, element, sizes]

    private init(_ name: String) {
        self.name = name
        self.sql = SQLText.identifier(name)
    }

    /// The row as one value, whatever the names of its columns.
    var whole: String { "\(self.sql).*" }

    /// One of its columns.
    ///
    /// - Parameter name: not quoted.
    func column(_ name: String) -> String {
        "\(self.sql).\(SQLText.identifier(name))"
    }

    /// The same, or another name if the text contains this one anywhere.
    func unlike(_ text: String) -> Alias {
        var candidate = self
        var number = 1
        // Each number that is passed over occurs in the text, so this ends.
        while text.utf8.contains(candidate.name.utf8) {
            number += 1
            candidate = Alias("\(self.name).\(number)")
        }
        return candidate
    }
}
