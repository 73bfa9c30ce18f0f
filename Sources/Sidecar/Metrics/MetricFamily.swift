/// One metric: its name, what it says, and which labels its samples have.
///
/// All of them stand in `MetricFamily+*.swift`, and in a table in `docs/metrics.md`.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable {
        /// Only grows; its name ends in `_total`.
        case counter
        case gauge
        case histogram
    }

    /// What the names begin with, but for those that all programs have.
    static let prefix = "wamp_sidecar_"

    let name: String
    let kind: Kind
    let help: String
    let labels: [String]

    /// - Parameters:
    ///   - name: without the prefix.
    ///   - isOfAnyProgram: the name has no prefix: all programs have this metric.
    init(_ kind: Kind, _ name: String, labels: [String] = [], isOfAnyProgram: Bool = false, _ help: String) {
        self.name = isOfAnyProgram ? name : Self.prefix + name
        self.kind = kind
        self.help = help
        self.labels = labels
    }

    /// The name as OpenMetrics has it in `# TYPE`: that of a counter without `_total`.
    var nameWithoutTotal: String {
        switch self.kind {
        case .counter: self.name.hasSuffix("_total") ? String(self.name.dropLast(6)) : self.name
        case .gauge, .histogram: self.name
        }
    }
}
