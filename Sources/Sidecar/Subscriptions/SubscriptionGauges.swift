import NIOCore

/// How much of one topic has not ended.
struct SubscriptionGauges {
    var waiting = 0
    var inProgress = 0
    var octets = 0
    /// When the oldest of those came that wait.
    var oldest: NIODeadline?

    /// So long ago, in seconds.
    func age(at now: NIODeadline) -> Double {
        self.oldest.map { Double(max((now - $0).nanoseconds, 0)) / 1e9 } ?? 0
    }
}

extension Subscriptions {
    /// The gauges, by slot: several subscriptions of one topic have one.
    var gauges: [ObjectIdentifier: SubscriptionGauges] {
        var all: [ObjectIdentifier: SubscriptionGauges] = [:]
        for entry in self.allEntries {
            var gauges = all[ObjectIdentifier(entry.route.slot)] ?? SubscriptionGauges()
            gauges.waiting += entry.flow.waitingCount
            gauges.inProgress += entry.flow.inProgressCount
            gauges.octets += self.octets(of: entry.route)
            if let oldest = entry.flow.oldestArrival { gauges.oldest = min(gauges.oldest ?? oldest, oldest) }
            all[ObjectIdentifier(entry.route.slot)] = gauges
        }
        return all
    }
}
