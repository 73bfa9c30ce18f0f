/// How much a source of mappings counts where two of them map the same.
struct MappingRank: Comparable {
    /// What SQL registers.
    static let sql = MappingRank(10)
    /// What the configuration file says.
    static let file = MappingRank(20)

    private let value: Int

    /// - Parameter value: the greater one counts.
    init(_ value: Int) {
        self.value = value
    }

    static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}
