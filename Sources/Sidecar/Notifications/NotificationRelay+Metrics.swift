extension NotificationRelay: Measured {
    func measure(into exposition: inout Exposition) {
        let (slots, waiting) = (self.slots.all, self.waitingCounts)
        exposition.begin(.notificationsReceived)
        for slot in slots { exposition.add(slot.received, slot.label) }
        exposition.begin(.notificationsRelayed)
        for slot in slots { exposition.add(slot.relayed, slot.label) }
        exposition.begin(.notificationsDropped)
        for slot in slots {
            for reason in NotificationLoss.allCases {
                exposition.add(slot.dropped(reason), slot.label, reason.rawValue)
            }
        }
        exposition.begin(.notificationsWaiting)
        for slot in slots { exposition.add(waiting[ObjectIdentifier(slot)] ?? 0, slot.label) }
        exposition.begin(.notificationsInProgress)
        for slot in slots { exposition.add(slot.inProgress, slot.label) }
    }
}
