import Names

/// Whether work can flow, as metrics. On the event loop.
struct ReadinessMetrics: Measured {
    let readiness: Readiness

    func measure(into exposition: inout Exposition) {
        let needs = self.readiness.needs
        exposition.begin(.ready)
        exposition.add(needs.isEmpty ? 1 : 0)
        exposition.begin(.notReady)
        for need in ReadinessStateMachine.Need.allCases {
            exposition.add(needs.contains(need) ? 1 : 0, String(need.part.map { $0 == " " ? "_" : $0 }))
        }
        exposition.begin(.faults)
        for (kind, count) in self.readiness.faultCounts { exposition.add(count, kind.rawValue) }
    }
}
