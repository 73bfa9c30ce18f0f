/// A column of a result: its name and type. All values are sent as text.
package struct WireColumn: Sendable, Hashable {
    /// The types that columns can have, with their OIDs.
    package enum ColumnType: Int32, Sendable, Hashable {
        /// text
        case text = 25
        /// jsonb
        case jsonb = 3802
    }

    /// The name.
    package let name: String
    /// The type.
    package let type: ColumnType

    /// Takes both.
    package init(_ name: String, _ type: ColumnType) {
        self.name = name
        self.type = type
    }
}
