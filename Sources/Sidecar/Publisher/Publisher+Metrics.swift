import Names
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
        if let topics = self.heldTopics { exposition.add(topics) }
        exposition.begin(.outboxDelay)
        exposition.add(self.relay.delay, at: .all)
        let figures = self.figures
        exposition.begin(.outboxWaiting)
        if let figures { exposition.add(figures.waiting) }
        exposition.begin(.outboxOldest)
        if let figures { exposition.add(figures.oldest) }
        exposition.begin(.deadLetters)
        if let figures {
            exposition.add(figures.lettersOfPublications, "publish")
            exposition.add(figures.lettersOfEvents, "event")
        }
        exposition.begin(.notificationQueue)
        if let figures { exposition.add(figures.notificationQueue) }
    }
}
