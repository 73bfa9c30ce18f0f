import Names

extension Callee: Measured {
    func measure(into exposition: inout Exposition) {
        let slots = self.slots.all
        exposition.begin(.callsReceived)
        exposition.add(slots.reduce(0) { $0 + $1.received })
        exposition.begin(.callsInProgress)
        exposition.add(self.callsInProgress)
        exposition.begin(.calls)
        for slot in slots {
            for kind in CallResultKind.allCases { exposition.add(slot.ended(kind), slot.label, kind.rawValue) }
        }
        exposition.begin(.callDuration)
        let bounds = Histogram.Bounds(histograms: slots.count)
        for slot in slots { exposition.add(slot.duration, at: bounds, slot.label) }
        exposition.begin(.callRetries)
        exposition.add(slots.reduce(0) { $0 + $1.retries })
        exposition.begin(.callRows)
        exposition.add(slots.reduce(0) { $0 + $1.rows })
        exposition.begin(.callsOfNothing)
        exposition.add(self.callsOfNothing)
    }
}
