/// Names in SQL text.
package enum SQLIdentifier {
    /// The name in double quotes, doubled where it holds them: as `PQescapeIdentifier` does for UTF-8, without a connection.
    package static func quote(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
