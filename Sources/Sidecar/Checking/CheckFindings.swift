/// The findings of `check`, a line each.
package struct CheckFindings: Sendable, Equatable {
    /// The faults.
    package var faults: [String] = []
    /// Things that work, but may not be intended.
    package var warnings: [String] = []
    /// Remarks about things that are no obstacle.
    package var remarks: [String] = []

    /// Takes the lists.
    package init(faults: [String] = [], warnings: [String] = [], remarks: [String] = []) {
        self.faults = faults
        self.warnings = warnings
        self.remarks = remarks
    }

    /// In the order of the places in the file, with which each line begins.
    func sorted(path: String) -> Self {
        func place(_ line: String) -> (Int, Int) {
            let numbers = line.dropFirst(path.count + 1).split(separator: ":", maxSplits: 2)
            return (numbers.first.flatMap { Int($0) } ?? 0, numbers.dropFirst().first.flatMap { Int($0) } ?? 0)
        }
        func sorted(_ lines: [String]) -> [String] { lines.sorted().sorted { place($0) < place($1) } }
        return Self(
            faults: sorted(self.faults), warnings: sorted(self.warnings), remarks: sorted(self.remarks))
    }

    /// The findings of both.
    package static func + (one: Self, other: Self) -> Self {
        Self(
            faults: one.faults + other.faults, warnings: one.warnings + other.warnings,
            remarks: one.remarks + other.remarks)
    }
}
