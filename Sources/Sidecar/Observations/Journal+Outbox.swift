import Logging
import Outbox
import Postgres

/// The messages of the relay and of the leadership.
extension Journal {
    func record(_ event: OutboxEvent) {
        switch event {
        case .eventHeld(let topic, let event, let reason, let wait):
            self.count(
                "hold \(topic)", "event refused for the moment; its topic waits",
                [
                    Key.topic: "\(topic)", Key.event: .number(event), Key.reason: "\(reason)",
                    Key.retryIn: "\(Self.text(wait))",
                ])
        case .topicsHeld(let count, let reason):
            self.count(
                "hold", "events of many topics refused for the moment; they wait",
                [Key.count: .number(count), Key.reason: "\(reason)"])
        case .topicsReleased(let count):
            self.log(.notice, "topics that waited are published again", metadata: [Key.count: .number(count)])
        case .heldBack(let backend, let prepared, let database, let user, let application):
            self.count(
                "held back", "a transaction that does not end makes the relay's scans slower; end it",
                [
                    Key.backend: Int(backend).map(Logger.MetadataValue.number) ?? "\(backend)",
                    Key.prepared: "\(prepared)", Key.database: "\(database)",
                    Key.user: "\(user)", Key.application: "\(application)",
                ])
        case .idsSetBack:
            self.log(.notice, "the outbox's ids were set back; it is read from its first row")
        case .deadLetter(let topic, let event, let reason):
            self.count(
                "bury \(topic)", "event moved to the dead letters",
                [Key.topic: "\(topic)", Key.event: .number(event), Key.reason: "\(reason)"])
        case .backlogFound:
            self.log(.info, "many events wait in the outbox, and are sent now")
        case .backlogShrinks(let progress):
            self.log(.info, "events of the outbox are being sent", metadata: Self.metadata(progress))
        case .backlogOver(let progress):
            self.log(.info, "the outbox's backlog is sent", metadata: Self.metadata(progress))
        case .eventsPublishedTwice(let least):
            self.count("twice", "events may have been published twice", [Key.count: .number(least)])
        case .eventsFoundAsleep(let count):
            self.log(.debug, "events found without a notification", metadata: [Key.count: .number(count)])
        case .deadLettersExpired(let count):
            self.log(.notice, "old dead letters deleted", metadata: [Key.count: .number(count)])
        case .relayFailed(let statement, let reason):
            self.log(
                self.level(.warning, of: .relay, reason), "the outbox can't be emptied",
                metadata: [Key.statement: "\(statement)", Key.reason: "\(reason)"])
        case .relayRecovered:
            self.outages.ended(.leaderSession)
            guard self.outages.ended(.relay) else { break }
            self.log(.notice, "the outbox is emptied again")
        case .figuresUnknown(let reason):
            self.log(.warning, "how much waits in the outbox is not known", metadata: [Key.reason: "\(reason)"])

        case .leading:
            // While the relay fails, each attempt leads again.
            let isRelayOut = self.outages.isOut(.relay)
            let isNews = self.outages.ended(.database(.leader)) || !isRelayOut
            if !isRelayOut { self.outages.ended(.leaderSession) }
            self.log(isNews ? .info : .debug, "leading: this sidecar does the work that must happen once")
        case .standby(let holder):
            self.outages.ended(.database(.leader))
            self.outages.ended(.leaderSession)
            self.outages.ended(.relay)
            self.log(.info, "standby: another sidecar leads", metadata: [Key.holder: "\(holder)"])
        case .leaderLockTaken(let stranger, let others):
            var metadata: Logger.Metadata = [
                Key.backend: .number(stranger.pid), Key.role: "\(stranger.role)",
                Key.state: stranger.isHolder ? "holds it" : "waits for it",
            ]
            if others > 0 { metadata[Key.others] = .number(others) }
            self.log(
                .error,
                "another role's session holds, or waits for, the former lock of leaders; harmless, but find out why",
                metadata: metadata)
        case .leaderTerminated(let backend):
            self.log(
                .warning,
                "the leader gave no sign of life; its session was asked to end",
                metadata: [Key.backend: .number(backend)])
        }
    }

    private static func metadata(_ progress: OutboxProgress) -> Logger.Metadata {
        [
            Key.sent: .number(progress.sent), Key.rate: .number(progress.rate),
            Key.duration: "\(self.text(progress.time))",
        ]
    }
}
