extension SQLText {
    /// An expression that the server can't analyse unless a row has exactly these columns; it need not be computed.
    ///
    /// - Parameter row: the row's columns, for example `r.*`.
    package static func columnCheck(_ row: String, _ columns: [FunctionColumn]) -> String {
        let types = columns.map { "null::\($0.type.sql)" }.joined(separator: ", ")
        return "exists (select from (values (\(row)), (\(types))) as c)"
    }
}
