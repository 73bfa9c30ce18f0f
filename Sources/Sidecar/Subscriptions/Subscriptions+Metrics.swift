import NIOCore
import Names

extension Subscriptions: Measured {
    func measure(into exposition: inout Exposition) {
        let slots = self.slots.all
        exposition.begin(.eventsReceived)
        for slot in slots { exposition.add(slot.received, slot.label) }
        exposition.begin(.eventsDone)
        for slot in slots { exposition.add(slot.done, slot.label) }
        exposition.begin(.eventsDead)
        for slot in slots { exposition.add(slot.dead, slot.label) }
        exposition.begin(.eventsLost)
        for slot in slots {
            for reason in EventLoss.allCases { exposition.add(slot.lost(reason), slot.label, reason.rawValue) }
        }
        exposition.begin(.eventDuration)
        let bounds = Histogram.Bounds(histograms: slots.count)
        for slot in slots { exposition.add(slot.duration, at: bounds, slot.label) }
        let (all, now) = (self.gauges, NIODeadline.now())
        let gauges = slots.map { (label: $0.label, gauges: all[ObjectIdentifier($0)] ?? SubscriptionGauges()) }
        exposition.begin(.eventsWaiting)
        for slot in gauges { exposition.add(slot.gauges.waiting, slot.label) }
        exposition.begin(.eventsInProgress)
        for slot in gauges { exposition.add(slot.gauges.inProgress, slot.label) }
        exposition.begin(.eventsWaitingBytes)
        for slot in gauges { exposition.add(slot.gauges.octets, slot.label) }
        exposition.begin(.eventsOldest)
        for slot in gauges { exposition.add(slot.gauges.age(at: now), slot.label) }
    }
}
