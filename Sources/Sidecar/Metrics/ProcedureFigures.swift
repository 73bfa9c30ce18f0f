import Names

/// What is known of the calls of one procedure at one moment.
struct ProcedureFigures: Equatable {
    var received = 0
    var ends: [CallResultKind: Int] = [:]
    var perSecond = 0.0
    /// Half of the calls of the last minutes took no longer, in seconds; nil: there were none.
    var median: Double?
    /// The same of all but one in a hundred.
    var p99: Double?

    /// Calls that have not ended.
    var inProgress: Int { self.received - self.ends.values.reduce(0, +) }
}

extension ProcedureSlot {
    /// Of the procedure with this URI; nil if the slot is shared by several.
    func figures(of uri: String) -> ProcedureFigures? {
        guard ExactText.areSame(uri, self.label) else { return nil }
        let recent = self.trend.recent(self.duration)
        var figures = ProcedureFigures(received: self.received)
        for kind in CallResultKind.allCases { figures.ends[kind] = self.ended(kind) }
        figures.perSecond = self.trend.perSecond
        (figures.median, figures.p99) = (recent.quantile(0.5), recent.quantile(0.99))
        return figures
    }
}
