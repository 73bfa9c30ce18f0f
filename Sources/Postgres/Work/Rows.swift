/// The result of a rare query (catalog, checks, control): everything in memory, as text.
///
/// The results of calls never take this form; they stay bytes.
package struct Rows: Sendable, Equatable {
    /// The names of the columns.
    package let columns: [String]
    /// The rows, each with one text per column; nil is NULL.
    package let values: [[String?]]

    /// Takes the names and the rows as they are.
    package init(columns: [String], values: [[String?]]) {
        self.columns = columns
        self.values = values
    }
}
