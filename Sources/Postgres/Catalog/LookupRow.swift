/// One row of the catalog queries: its subject, the type that belongs to it, and facts of its kind.
struct LookupRow {
    /// The columns as text.
    let values: [String?]

    /// The columns in their order.
    enum Column: Int {
        case kind, function, position, name, mode
        case type, typeSchema, typeName, typeDisplay, typeKind, base, baseKind, baseCategory, element
        case fact1, fact2, fact3, fact4, fact5, fact6, fact7, fact8, fact9, fact10, fact11
    }

    /// The fault where a column is missing or malformed.
    static let unreadable = FunctionFault(
        .unreadable, "the catalog's answer can't be read", advice: "is this PostgreSQL?")

    /// A column that may be NULL.
    func optional(_ column: Column) -> String? {
        column.rawValue < values.count ? values[column.rawValue] : nil
    }

    /// A column that must not be NULL.
    func text(_ column: Column) throws(FunctionFault) -> String {
        guard let text = optional(column) else { throw Self.unreadable }
        return text
    }

    /// A boolean.
    func flag(_ column: Column) throws(FunctionFault) -> Bool {
        let text = try text(column)
        return text == "true" || text == "t"
    }

    /// An oid or another non-negative number.
    func number(_ column: Column) throws(FunctionFault) -> UInt32 {
        guard let number = UInt32(try text(column)) else { throw Self.unreadable }
        return number
    }

    /// The type that the row describes.
    func type() throws(FunctionFault) -> TypeDefinition {
        // A type of an unknown kind is treated as a base type: it has a text form.
        TypeDefinition(
            oid: try number(.type), schema: try text(.typeSchema), name: try text(.typeName),
            display: try text(.typeDisplay), kind: TypeDefinition.Kind(rawValue: try text(.typeKind)) ?? .base,
            base: try number(.base), baseKind: TypeDefinition.Kind(rawValue: try text(.baseKind)) ?? .base,
            isArray: try text(.baseCategory) == "A", element: optional(.element).flatMap { UInt32($0) })
    }
}
