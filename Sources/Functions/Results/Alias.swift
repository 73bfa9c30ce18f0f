import Postgres

/// A name of ours for what a generated statement selects from: the only place that makes such names.
///
/// It is quoted, and begins as no name of a user's does, but one may all the same. So rows are taken whole by ``whole``, never by the bare name,
/// which a column of that name would take for itself; columns are always qualified by it; and a name that stands among a user's own, in a WITH list,
/// is one that the user's text does not hold (``unlike(_:)``).
package struct Alias: Sendable, Equatable {
    /// The name for SQL text, quoted.
    package let sql: String
    private let name: String

    /// The rows of a function, or of a statement.
    static let row = Alias("wamp.row")
    /// An object that is made of a row's columns.
    static let object = Alias("wamp.object")
    /// The JSON texts, before they are measured.
    static let result = Alias("wamp.result")
    /// The rows of a statement in its WITH list.
    static let rows = Alias("wamp.rows")
    /// An argument on its way out of JSON.
    static let argument = Alias("wamp.argument")
    /// An element of an array.
    static let element = Alias("wamp.element")
    /// How many elements each level of an array has.
    static let sizes = Alias("wamp.sizes")

    /// All that there are.
    static let all = [row, object, result, rows, argument, element, sizes]

    private init(_ name: String) {
        self.name = name
        self.sql = SQLText.identifier(name)
    }

    /// The row as one value, whatever its columns are called.
    var whole: String { "\(self.sql).*" }

    /// One of its columns.
    ///
    /// - Parameter name: not quoted.
    func column(_ name: String) -> String {
        "\(self.sql).\(SQLText.identifier(name))"
    }

    /// The same, or another name if the text has this one anywhere.
    func unlike(_ text: String) -> Alias {
        var candidate = self
        var number = 1
        // Each number that is passed over stands in the text, so this ends.
        while text.utf8.contains(candidate.name.utf8) {
            number += 1
            candidate = Alias("\(self.name).\(number)")
        }
        return candidate
    }
}
