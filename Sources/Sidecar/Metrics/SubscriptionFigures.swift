import Names

/// What is known of the events of one topic at one moment.
struct SubscriptionFigures: Equatable {
    var received = 0
    var done = 0
    var dead = 0
    var lost = 0
    var waiting = 0
    var inProgress = 0
    /// How long ago the event came that waits longest, in seconds; nil: none waits.
    var oldest: Double?
    var perSecond = 0.0
    /// Half of the events of the last minutes were done within that time, in seconds; nil: there were none.
    var median: Double?
    /// The same of all but one in a hundred.
    var p99: Double?
}

extension SubscriptionSlot {
    /// Of the topic, without what waits and is in progress; nil if the slot is shared by several.
    func figures(of topic: String) -> SubscriptionFigures? {
        guard ExactText.areSame(topic, self.label) else { return nil }
        let recent = self.trend.recent(self.duration)
        var figures = SubscriptionFigures(received: self.received, done: self.done, dead: self.dead)
        figures.lost = EventLoss.allCases.reduce(0) { $0 + self.lost($1) }
        figures.perSecond = self.trend.perSecond
        (figures.median, figures.p99) = (recent.quantile(0.5), recent.quantile(0.99))
        return figures
    }
}
