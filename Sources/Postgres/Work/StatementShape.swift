/// The types of a statement's parameters and columns, by their oids.
package struct StatementShape: Sendable, Equatable {
    package struct Column: Sendable, Equatable {
        package let name: String
        package let type: UInt32
    }

    package let parameters: [UInt32]
    /// Empty for a statement that returns no rows.
    package let columns: [Column]
}
