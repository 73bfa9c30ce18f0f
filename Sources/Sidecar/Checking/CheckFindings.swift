/// What `check` found, a line each.
package struct CheckFindings: Sendable, Equatable {
    /// What is wrong.
    package var faults: [String] = []
    /// What works, and may not be what was meant.
    package var warnings: [String] = []
    /// What is worth knowing and does not stand in the way.
    package var remarks: [String] = []

    /// Takes them as they are.
    package init(faults: [String] = [], warnings: [String] = [], remarks: [String] = []) {
        self.faults = faults
        self.warnings = warnings
        self.remarks = remarks
    }

    /// In the order of the places in the file, which each line begins with.
    func sorted(path: String) -> Self {
        func place(_ line: String) -> (Int, Int) {
            let numbers = line.dropFirst(path.count + 1).split(separator: ":", maxSplits: 2)
            return (numbers.first.flatMap { Int($0) } ?? 0, numbers.dropFirst().first.flatMap { Int($0) } ?? 0)
        }
        func sorted(_ lines: [String]) -> [String] { lines.sorted().sorted { place($0) < place($1) } }
        return Self(
            faults: sorted(self.faults), warnings: sorted(self.warnings), remarks: sorted(self.remarks))
    }

    /// All of both.
    package static func + (one: Self, other: Self) -> Self {
        Self(
            faults: one.faults + other.faults, warnings: one.warnings + other.warnings,
            remarks: one.remarks + other.remarks)
    }
}
