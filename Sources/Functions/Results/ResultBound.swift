/// The limit of a result's row, in octets of its text. The server measures the row before it sends anything: once it is
/// on its way, libpq reads all of it into memory.
package struct ResultBound: Sendable, Equatable {
    /// No router accepts a longer text, with any serializer.
    package static let greatest = 64 << 20
    /// The limit of rows that nobody reads may be low.
    package static let unread = ResultBound(mostOctets: 1000)

    /// The bound.
    package let mostOctets: Int

    /// Takes a mapping's `max_result_bytes`.
    package init(mostOctets: Int) {
        self.mostOctets = min(mostOctets, Self.greatest)
    }

    /// How much the server may send at once: a row, or an error with all its texts.
    package var mostMessage: Int { self.mostOctets + Self.rest }

    private static let rest = 1 << 20

    /// The value in place of a row that is too large: no JSON text begins so.
    private static let mark = UInt8(ascii: "!")
    private static let result = Alias.result.sql

    /// Whether a row was too large.
    ///
    /// - Parameter text: its first column; nil for NULL.
    package static func isExceeded(_ text: UnsafeRawBufferPointer?) -> Bool {
        text?.first == self.mark
    }

    /// The limit of `varchar`. It costs nothing for a text that is shorter in octets; a truncated text is still too
    /// large, and has at most four octets for each allowed one.
    private static let greatestCut = 10_485_760

    /// A statement up to its FROM, and its end. Each value is computed once.
    ///
    /// - Parameter columns: the select list: JSON texts.
    func statement(_ columns: [String]) -> (beginning: String, end: String) {
        if columns.count == 1, self.mostOctets < Self.greatestCut {
            return ("select (\(columns[0]))::pg_catalog.varchar(\(self.mostOctets + 1))", "")
        }
        // In a sub-select that the planner leaves in place.
        let inner = columns.enumerated().map { "(\($1))::pg_catalog.text as c\($0)" }.joined(separator: ", ")
        let sizes = columns.indices.map { "pg_catalog.octet_length(\(Self.result).c\($0))" }
        let size =
            sizes.count == 1
            ? sizes[0] : sizes.map { "coalesce(\($0), 0)" }.joined(separator: " operator(pg_catalog.+) ")
        let fits = "(\(size)) operator(pg_catalog.<=) \(self.mostOctets)"
        let bounded = columns.indices.map { index in
            let instead = index == 0 ? " else '!' operator(pg_catalog.||) (\(size))::pg_catalog.text" : ""
            return "case when \(fits) then \(Self.result).c\(index)\(instead) end"
        }
        return ("select \(bounded.joined(separator: ", ")) from (select \(inner)", " offset 0) as \(Self.result)")
    }
}
