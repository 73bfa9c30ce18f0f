import Outbox

extension Publisher: Measured {
    func measure(into exposition: inout Exposition) {
        let counts = self.relay.counts
        exposition.begin(.outboxRead)
        exposition.add(counts.read)
        exposition.begin(.outboxAcknowledged)
        exposition.add(counts.acknowledged)
        exposition.begin(.outboxRefused)
        exposition.add(counts.held, "held")
        exposition.add(counts.dead, "dead")
        exposition.begin(.outboxUnanswered)
        exposition.add(counts.unanswered)
        exposition.begin(.outboxInProgress)
        exposition.add(self.relay.underWayCount)
        exposition.begin(.outboxHeldTopics)
        if self.isLeading { exposition.add(self.relay.heldTopicCount) }
    }
}
