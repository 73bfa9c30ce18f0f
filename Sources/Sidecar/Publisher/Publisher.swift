import Functions
import NIOCore
import Names
import Outbox

/// The publisher role: while this sidecar leads, it sends the events that SQL has published, and deletes old dead
/// letters. On the event loop.
final class Publisher: Part {
    let relay: OutboxRelay
    private let watch: FiguresWatch
    private let expiry: DeadLetterExpiry
    private(set) var isLeading = false

    init(relay: OutboxRelay, watch: FiguresWatch, expiry: DeadLetterExpiry) {
        self.relay = relay
        self.watch = watch
        self.expiry = expiry
    }

    func follow(_ situation: Situation, from former: Situation) {
        switch situation.sessionChange(since: former) {
        case .joined(let session): self.relay.joined(session)
        case .left: self.relay.left()
        case nil: break
        }
        if case .leader = situation.leadership { self.isLeading = true } else { self.isLeading = false }
        if situation.leaderSession !== former.leaderSession {
            if let session = situation.leaderSession {
                self.relay.lead(session)
                self.watch.lead(session)
                self.expiry.begin()
            } else {
                self.relay.stopLeading()
                self.watch.stopLeading()
                self.expiry.end()
            }
        }
        if situation.isRouterReading, !former.isRouterReading { self.relay.writable() }
    }

    /// Whether an event is under way that was under way when an earlier session with the router ended.
    var isSuspectUnderWay: Bool { self.relay.isSuspectUnderWay }

    /// How much waits in the database, while this sidecar leads and that is known.
    var figures: OutboxFigures? { self.watch.figures }

    /// How many topics wait because the router refuses an event of theirs, while this sidecar leads.
    var heldTopics: Int? { self.isLeading ? self.relay.heldTopicCount : nil }

    /// A sidecar that does not lead has nothing to do with the outbox.
    var waitingSince: NIODeadline? { self.isLeading ? self.relay.waitingSince : nil }

    /// Other settings hold from now on.
    func change(_ settings: RelaySettings, keepsDeadLettersFor time: TimeAmount) {
        self.relay.change(settings)
        self.expiry.keep = time
    }

    /// The leader's session got a notification.
    func notified(channel: String) {
        self.relay.notified(channel: channel)
    }

    var faultKind: FaultKind? { .outbox }

    /// A sidecar that does not lead has nothing to do with the outbox.
    var complaints: ComplaintSummary {
        guard self.isLeading, let failure = self.relay.failure else { return ComplaintSummary() }
        return ComplaintSummary(named: [Complaint(name: "outbox", reason: "it can't be emptied: \(failure)")])
    }

    /// How long the router may take to acknowledge events that are under way.
    var drainPatience: TimeAmount? { .seconds(2) }

    func drain(completion: @escaping () -> Void) {
        self.relay.finish(completion: completion)
    }
}
