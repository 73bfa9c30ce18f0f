import Logging
import Outbox

/// The messages of the relay and of the leadership.
extension Journal {
    func record(_ event: OutboxEvent) {
        switch event {
        case .eventHeld(let topic, let event, let reason, let wait):
            self.count(
                "hold \(topic)", "event refused for the moment; its topic waits",
                [
                    Key.topic: "\(topic)", Key.event: "\(event)", Key.reason: "\(reason)",
                    Key.retryIn: "\(Self.text(wait))",
                ])
        case .topicsHeld(let count, let reason):
            self.count(
                "hold", "events of many topics refused for the moment; they wait",
                [Key.count: "\(count)", Key.reason: "\(reason)"])
        case .topicsReleased(let count):
            self.log(.notice, "topics that waited are published again", metadata: [Key.count: "\(count)"])
        case .heldBack(let backend, let prepared, let database, let user, let application):
            self.count(
                "held back", "a transaction that does not end makes the relay's scans dearer; end it",
                [
                    Key.backend: "\(backend)", Key.prepared: "\(prepared)", Key.database: "\(database)",
                    Key.user: "\(user)", Key.application: "\(application)",
                ])
        case .idsSetBack:
            self.log(.notice, "the outbox's ids were set back; it is read from its first row")
        case .deadLetter(let topic, let event, let reason):
            self.count(
                "bury \(topic)", "event moved to the dead letters",
                [Key.topic: "\(topic)", Key.event: "\(event)", Key.reason: "\(reason)"])
        case .eventsPublishedTwice(let least):
            self.count("twice", "events may have been published twice", [Key.count: "\(least)"])
        case .eventsFoundAsleep(let count):
            self.log(.debug, "events found without a notification", metadata: [Key.count: "\(count)"])
        case .deadLettersExpired(let count):
            self.log(.notice, "old dead letters deleted", metadata: [Key.count: "\(count)"])
        case .relayFailed(let statement, let reason):
            self.count(
                "relay \(statement)", "the outbox can't be emptied",
                [Key.statement: "\(statement)", Key.reason: "\(reason)"])
        case .figuresUnknown(let reason):
            self.log(.warning, "how much waits in the outbox is not known", metadata: [Key.reason: "\(reason)"])

        case .leading:
            self.log(.info, "leading: this sidecar does the work that must happen once")
        case .standby(let holder):
            self.log(.info, "standby: another sidecar leads", metadata: [Key.holder: "\(holder)"])
        case .leaderLockTaken(let stranger):
            self.log(
                .error,
                "another role's session holds, or waits for, the former lock of leaders; harmless, but find out why",
                metadata: [
                    Key.backend: "\(stranger.pid)", Key.role: "\(stranger.role)",
                    Key.state: stranger.isHolder ? "holds it" : "waits for it",
                ])
        case .leaderTerminated(let backend):
            self.log(
                .warning,
                "the leader gave no sign of life; its session was ended", metadata: [Key.backend: "\(backend)"])
        }
    }
}
