import Names

/// Whether work can flow, as metrics. On the event loop.
struct ReadinessMetrics: Measured {
    let readiness: Readiness

    func measure(into exposition: inout Exposition) {
        let needs = self.readiness.needs
        exposition.begin(.ready)
        exposition.add(needs.isEmpty ? 1 : 0)
        exposition.begin(.notReady)
        // One part has two.
        for need in ReadinessStateMachine.Need.allCases where need != .renewal {
            let isNeeded = needs.contains { $0.part == need.part }
            exposition.add(isNeeded ? 1 : 0, String(need.part.map { $0 == " " ? "_" : $0 }))
        }
        exposition.begin(.faults)
        for (kind, count) in self.readiness.faultCounts { exposition.add(count, kind.rawValue) }
    }
}
