/// What `check --connect` found, a line each.
package struct CheckFindings: Sendable, Equatable {
    /// What is wrong.
    package var faults: [String] = []
    /// What is worth knowing and does not stand in the way.
    package var remarks: [String] = []

    /// Takes them as they are.
    package init(faults: [String] = [], remarks: [String] = []) {
        self.faults = faults
        self.remarks = remarks
    }

    /// All of both.
    static func + (one: Self, other: Self) -> Self {
        Self(faults: one.faults + other.faults, remarks: one.remarks + other.remarks)
    }
}
