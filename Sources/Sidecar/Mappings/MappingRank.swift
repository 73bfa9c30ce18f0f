/// The rank of a source of mappings, which decides if two of them map the same.
struct MappingRank: Comparable {
    /// The registrations from SQL.
    static let sql = MappingRank(10)
    /// The configuration file.
    static let file = MappingRank(20)

    private let value: Int

    /// - Parameter value: the greater one counts.
    init(_ value: Int) {
        self.value = value
    }

    static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}
