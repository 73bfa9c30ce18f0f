import DequeModule
import Functions
import NIOCore
import Names
import WAMP
import WAMPClient

/// The way to the router of messages that it does not acknowledge: results, errors, notifications. On the event loop.
///
/// Usually nothing is held up. The messages of an origin that may have ended a session go one at a time, each followed
/// by a call that the router always answers: then it has read the earlier messages. The driver of ``SuspectOrigins``.
final class Passage: Part {
    /// Why a message is not sent.
    enum Refusal: Error, Equatable, CustomStringConvertible {
        case endedSessions(Origin.Name, remaining: TimeAmount)
        case tooManyWait(Origin.Name)

        var description: String {
            switch self {
            case .endedSessions(let origin, let remaining):
                """
                the session with the router ended more than once while a message of \(origin) was under way, so \
                nothing is sent for it for another \(max(remaining.nanoseconds / 1_000_000_000, 1)) s
                """
            case .tooManyWait(let origin):
                """
                the session with the router ended while a message of \(origin) was under way, and too many such \
                messages wait now
                """
            }
        }
    }

    private struct Waiting {
        let origin: Origin
        let octets: Int
        let send: () -> Void
        let givenUp: () -> Void
    }

    /// The most messages that wait for their turn.
    private static let mostWaiting = 1_000
    private static let mostWaitingOctets = 16 << 20
    /// How long the router may take to show that it has read something.
    private static let patience = TimeAmount.seconds(10)
    private static let leastRoom = 64

    private let eventLoop: any EventLoop
    /// Whether an event is under way that was under way when an earlier session ended.
    private let isEventSuspect: () -> Bool
    private let observer: (SuspectOrigins.Refused) -> Void
    private let changed: () -> Void
    private var suspects = SuspectOrigins()
    /// All origins with a message possibly under way; others too.
    private var recent: [Origin] = []
    /// When the list has this length, unnecessary origins are searched for.
    private var room = Passage.leastRoom
    private var session: Session?
    /// The router of the session that ended, and whether a connection to it has been tried again.
    private var lost: (url: RouterURL, isTried: Bool)?
    private var waiting = Deque<Waiting>()
    private var waitingOctets = 0
    /// The origins for which nothing is sent for a while.
    private var refused = Complaints<Origin.Name>()

    /// - Parameters:
    ///   - observer: called for each origin for which nothing is sent from then on.
    ///   - changed: called whenever ``complaints`` may have changed.
    init(
        eventLoop: any EventLoop, isEventSuspect: @escaping () -> Bool,
        observer: @escaping (SuspectOrigins.Refused) -> Void, changed: @escaping () -> Void
    ) {
        self.eventLoop = eventLoop
        self.isEventSuspect = isEventSuspect
        self.observer = observer
        self.changed = changed
    }

    // MARK: - Sending

    /// Why nothing new may begin for an origin.
    func refusal(of origin: Origin) -> Refusal? {
        guard !self.suspects.isEmpty, let remaining = self.suspects.refusal(of: origin.name, at: self.eventLoop.now)
        else {
            return nil
        }
        return .endedSessions(origin.name, remaining: remaining)
    }

    /// Whether a message of it may be sent now; otherwise it must wait for its turn, by ``wait(_:octets:_:)``.
    func admits(_ origin: Origin) -> Bool {
        let now = self.eventLoop.now
        if !self.suspects.isEmpty {
            guard !self.suspects.isSuspect(origin.name, at: now),
                !self.waiting.contains(where: { $0.origin === origin })
            else { return false }
        }
        self.sent(origin, at: now)
        return true
    }

    /// Sends at its turn; never if the session ends before.
    ///
    /// - Parameter givenUp: called instead of `send` in that case.
    func wait(
        _ origin: Origin, octets: Int, givenUp: @escaping () -> Void = {}, _ send: @escaping () -> Void
    ) throws(Refusal) {
        let item = Waiting(origin: origin, octets: octets, send: send, givenUp: givenUp)
        guard !self.suspects.begin() else { return self.sendAlone(item) }
        guard self.waiting.count < Self.mostWaiting,
            self.waiting.isEmpty || self.waitingOctets + octets <= Self.mostWaitingOctets
        else { throw .tooManyWait(origin.name) }
        self.waiting.append(item)
        self.waitingOctets += octets
    }

    /// Part of a result whose rows go to the caller as they come; it has no turn.
    func sentPart(of origin: Origin) {
        self.sent(origin, at: self.eventLoop.now)
    }

    private func sent(_ origin: Origin, at now: NIODeadline) {
        origin.lastSent = now
        guard !origin.isListed else { return }
        if self.recent.count >= self.room { self.shorten(at: now) }
        origin.isListed = true
        self.recent.append(origin)
    }

    private func shorten(at now: NIODeadline) {
        self.recent.removeAll { origin in
            origin.isListed = Self.isUnderWay(origin, at: now)
            return !origin.isListed
        }
        self.room = max(Self.leastRoom, self.recent.count * 2)
    }

    private static func isUnderWay(_ origin: Origin, at now: NIODeadline) -> Bool {
        origin.lastSent.map { now - $0 <= SuspectOrigins.window } ?? false
    }

    private func sendAlone(_ item: Waiting) {
        self.sent(item.origin, at: self.eventLoop.now)
        item.send()
        guard let session = self.session, let procedure = try? URI("wamp.session.count") else {
            return self.suspects.taken()
        }
        session.call(procedure, payload: .empty, timeout: Self.patience) { outcome in
            // A refusal is an answer too.
            if case .failure(let error) = outcome, error.code == .sessionClosed { return }
            item.origin.lastSent = nil
            self.suspects.taken()
            self.sendNext()
        }
    }

    private func sendNext() {
        guard let item = self.waiting.first, self.suspects.begin() else { return }
        self.waiting.removeFirst()
        self.waitingOctets -= item.octets
        self.sendAlone(item)
    }

    // MARK: - Sessions

    func follow(_ situation: Situation, from former: Situation) {
        switch situation.sessionChange(since: former) {
        case .joined(let session): self.joined(session)
        case .left(let url, let end): self.left(url, end)
        case nil: break
        }
    }

    var faultKind: FaultKind? { .message }

    /// The origins for which nothing is sent.
    var complaints: ComplaintSummary { ComplaintSummary(self.refused) }

    private func joined(_ session: Session) {
        self.session = session
        self.lost = nil
        guard let refused = self.suspects.joined(at: self.eventLoop.now) else { return }
        self.observer(refused)
        self.complain(of: refused)
    }

    private func complain(of refused: SuspectOrigins.Refused) {
        let origin = refused.origin
        let (name, verb) =
            switch origin.kind {
            case .procedure: ("procedure '\(origin.text)'", "called")
            case .channel: ("channel '\(origin.text)'", "relayed")
            }
        let seconds = refused.time.nanoseconds / 1_000_000_000
        self.refused[origin] = Complaint(
            name: name, reason: "it ends the session with the router, and is not \(verb) for \(seconds) s")
        self.eventLoop.assumeIsolated().scheduleTask(in: refused.time) {
            self.refused[origin] = nil
            self.changed()
        }
        self.changed()
    }

    private func left(_ url: RouterURL, _ reason: SessionEnd) {
        self.session = nil
        self.lost = (url, false)
        let givenUp = self.waiting
        self.waiting.removeAll()
        self.waitingOctets = 0
        for item in givenUp { item.givenUp() }
        let now = self.eventLoop.now
        let underWay = self.recent.filter { Self.isUnderWay($0, at: now) }.map(\.name)
        for origin in self.recent {
            origin.lastSent = nil
            origin.isListed = false
        }
        self.recent.removeAll()
        self.suspects.sessionEnded(
            underWay: reason.mayBeForWhatWasSent ? underWay : [], besidesSuspects: self.isEventSuspect())
    }

    /// An attempt to connect begins. A second one to the router of the ended session means that it could not be
    /// reached.
    func connecting(to url: RouterURL) {
        guard let lost = self.lost, lost.url == url else { return }
        if lost.isTried { self.suspects.routerWasAway() }
        self.lost = (url, true)
    }
}

extension SessionEnd {
    /// Whether the router may have ended the session because it could not read something.
    fileprivate var mayBeForWhatWasSent: Bool {
        switch self.code {
        case .closed, .aborted: true
        case .goodbye: self.uri?.hasPrefix("wamp.error.") == true
        case .tls, .unreachable, .handshake, .serializer, .silent: false
        case .protocolViolation, .credentials, .untrusted, .killed, .unsentOutput, .stopped: false
        }
    }
}
