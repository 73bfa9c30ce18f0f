/// The line of a small chart: numbers from left to right, the last one at the right edge. The script has the same.
struct Sparkline {
    /// How wide the chart is, in steps from one number to the next.
    static let width = LoadTrend.most - 1
    static let height = 40

    let numbers: [Double]

    /// The largest number.
    var peak: Double { self.numbers.max() ?? 0 }

    /// As `d` of an SVG path, which ends outside of the chart, so that its outline is seen at the top only.
    var path: String {
        guard !self.numbers.isEmpty else { return "" }
        let peak = self.peak
        let start = Self.width - (self.numbers.count - 1)
        var path = "M\(start - 1) \(Self.height + 2)"
        for (index, number) in self.numbers.enumerated() {
            let part = peak > 0 ? number / peak : 0
            let tenths = Int((Double(Self.height * 10 - 40) * (1 - part)).rounded()) + 20
            path += "L\(start + index) \(tenths / 10).\(tenths % 10)"
        }
        return path + "L\(Self.width + 1) \(Self.height + 2)"
    }
}
