import NIOCore
import SidecarConfiguration
import WAMP
import WAMPClient

/// Registers the mapped procedures with the router, and sees to it that they stay registered. On the event loop.
///
/// What another session still holds is tried again until it is ours; what the router refuses for another reason is tried again slowly, since
/// permissions change. One that fails never holds up the others.
final class Registrar {
    /// How soon a procedure that another session holds is tried again, and one that is refused.
    private static let firstWait = TimeAmount.milliseconds(500)
    private static let longestWait = TimeAmount.seconds(32)
    /// How soon a procedure that another session holds is tried again at the latest: who led before may give it back at any moment.
    private static let longestWaitForHolder = TimeAmount.milliseconds(2000)

    /// Where the procedures are registered of which there may be only one.
    enum Singles {
        /// It is not known yet which sidecar leads.
        case undecided
        case here
        case elsewhere
    }

    private enum State {
        case idle
        /// It waits for its turn.
        case queued
        case registering
        case registered(RegistrationID)
        case waiting(Scheduled<Void>)
    }

    private final class Entry {
        let route: ProcedureRoute
        var state = State.idle
        var attempts = 0
        /// Whether the router has answered in this session, one way or the other: trying again makes nothing unsettled.
        var isAnswered = false
        /// It was taken away in this session, by an administrator or by force: taking it back by force would go on for ever.
        var wasRevoked = false
        /// The router may have made the registration in this session: it has not answered.
        var mayBeHeld = false
        /// It is to be registered no more, ever.
        var isRemoved = false

        init(_ route: ProcedureRoute) {
            self.route = route
        }
    }

    private enum Request {
        case register(Entry)
        case unregister(RegistrationID, Entry)
    }

    /// So many requests are under way at once, as many as of the subscriber: calls come in between, and routers drop answers that a client
    /// is too slow to take.
    private static let mostAtOnce = 16

    private let eventLoop: any EventLoop
    private let backoff: Backoff
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    private var entries: [ObjectIdentifier: Entry] = [:]
    private var registered: [RegistrationID: Entry] = [:]
    /// Those that the router has not answered for.
    private var unsettled: Set<ObjectIdentifier> = []
    /// What the router said, as it was last logged.
    private var refusals = Complaints<ObjectIdentifier>()
    private var session: Session?
    /// Whether the procedures should be registered. False while the database is away, if the mapping says so, and when stopping.
    private var isWanted = true
    private var singles = Singles.undecided
    private var turns = Turns<Request>(most: Registrar.mostAtOnce)
    private var isAsking = false
    /// A session was given up because the router holds registrations whose ids it did not tell. Until all is well not another one is.
    private var hasGivenUpSession = false
    /// Whether there are such registrations in this session.
    private var hasLostAnswers = false
    /// Called after each of the router's answers.
    var answered: (() -> Void)?

    /// - Parameter changed: called whenever ``complaints`` or ``isComplete`` may have changed.
    init(
        eventLoop: any EventLoop, observer: @escaping (Observation) -> Void, changed: @escaping () -> Void
    ) {
        self.eventLoop = eventLoop
        self.backoff = Backoff(base: Self.firstWait, greatest: Self.longestWait)
        self.observer = observer
        self.changed = changed
    }

    /// The procedure of a registration of this session.
    func route(of registration: RegistrationID) -> ProcedureRoute? { self.registered[registration]?.route }

    /// Whether the router has answered for each procedure, one way or the other.
    var isComplete: Bool { self.unsettled.isEmpty }

    /// Whether all that was asked of the router has been answered. After ``withdraw()`` no more calls come then: what it had sent before it saw
    /// UNREGISTER came before its answer.
    var isAnswered: Bool { self.turns.isIdle }

    /// What the router refuses, with its words.
    var complaints: ComplaintSummary { ComplaintSummary(self.refusals) }

    // MARK: - Procedures

    /// Another procedure to register.
    func add(_ route: ProcedureRoute) {
        let entry = Entry(route)
        self.entries[ObjectIdentifier(route)] = entry
        self.queue(entry)
        self.settle(entry)
    }

    /// The procedure is taken off the router.
    func remove(_ route: ProcedureRoute) {
        guard let entry = self.entries.removeValue(forKey: ObjectIdentifier(route)) else { return }
        entry.isRemoved = true
        self.withdraw(entry)
        self.ask()
        self.changed()
    }

    // MARK: - Sessions

    /// A new session: all is to be registered in it.
    func joined(_ session: Session) {
        self.forget()
        self.session = session
        self.queueAll()
    }

    /// The session is gone, and with it all registrations.
    func left() {
        self.session = nil
        self.forget()
    }

    /// Takes all procedures off the router, until ``resume()``.
    func withdraw() {
        guard self.isWanted else { return }
        self.isWanted = false
        for entry in self.entries.values { self.withdraw(entry) }
        self.ask()
        self.changed()
    }

    /// Which sidecar leads has been decided, or has changed.
    func hold(singles: Singles) {
        guard singles != self.singles else { return }
        self.singles = singles
        for entry in self.entries.values where entry.route.isSingle {
            if singles == .here { self.queueIfIdle(entry) } else { self.withdraw(entry) }
            self.settle(entry)
        }
        self.ask()
        self.changed()
    }

    /// Puts them back.
    func resume() {
        guard !self.isWanted else { return }
        self.isWanted = true
        for entry in self.entries.values {
            self.queueIfIdle(entry)
            self.settle(entry)
        }
        self.ask()
    }

    /// The router took a registration away.
    func revoked(_ registration: RegistrationID, reason: String?) {
        guard let entry = self.registered.removeValue(forKey: registration) else { return }
        self.observer(.registrationRevoked(uri: entry.route.uri.text, reason: reason ?? "no reason given"))
        guard self.isWanted(entry) else { return }
        self.refuse(entry, "the registration was revoked")
        entry.wasRevoked = true
        self.tryAgainLater(entry)
        self.changed()
    }

    private func forget() {
        self.turns.removeAll()
        self.hasLostAnswers = false
        for entry in self.entries.values {
            if case .waiting(let timer) = entry.state { timer.cancel() }
            entry.state = .idle
            entry.attempts = 0
            entry.isAnswered = false
            entry.wasRevoked = false
            entry.mayBeHeld = false
            entry.route.isLate = false
            self.settle(entry)
        }
        self.registered.removeAll()
    }

    /// Whether the router has answered for this one.
    private func settle(_ entry: Entry) {
        let key = ObjectIdentifier(entry.route)
        let isSettled: Bool
        switch entry.state {
        case .registered: isSettled = true
        case .waiting: isSettled = self.refusals[key] != nil
        case .idle: isSettled = entry.route.isLate || (entry.route.isSingle && self.singles == .elsewhere)
        case .queued, .registering: isSettled = entry.route.isLate || entry.isAnswered
        }
        if isSettled || entry.isRemoved { self.unsettled.remove(key) } else { self.unsettled.insert(key) }
    }

    private func refuse(_ entry: Entry, _ reason: String) {
        self.refusals[ObjectIdentifier(entry.route)] = Complaint(name: "procedure '\(entry.route.uri)'", reason: reason)
    }

    // MARK: - Turns

    private func queueAll() {
        for entry in self.entries.values { self.queueIfIdle(entry) }
        self.ask()
    }

    private func queueIfIdle(_ entry: Entry) {
        guard case .idle = entry.state, self.session != nil, self.isWanted(entry) else { return }
        entry.state = .queued
        self.turns.add(.register(entry))
    }

    private func queue(_ entry: Entry) {
        if case .waiting = entry.state { entry.state = .idle }
        self.queueIfIdle(entry)
        self.ask()
    }

    private func ask() {
        // What fails at once is followed by the loop that asked.
        guard !self.isAsking else { return }
        self.isAsking = true
        defer { self.isAsking = false }
        while let request = self.turns.next() {
            switch request {
            case .register(let entry): self.register(entry)
            case .unregister(let registration, let entry): self.unregister(registration, of: entry)
            }
        }
    }

    private func countAnswer() {
        self.turns.answered()
        self.answered?()
        self.ask()
    }

    // MARK: - One procedure

    /// Calls that cross UNREGISTER on the way are still answered by the procedure.
    private func withdraw(_ entry: Entry) {
        switch entry.state {
        case .registered(let registration):
            self.turns.add(.unregister(registration, entry))
            entry.state = .idle
        case .waiting(let timer):
            timer.cancel()
            entry.state = .idle
        case .queued:
            entry.state = .idle
        case .idle, .registering:
            break
        }
        self.refusals[ObjectIdentifier(entry.route)] = nil
        self.settle(entry)
    }

    private func unregister(_ registration: RegistrationID, of entry: Entry) {
        guard let session = self.session else { return self.countAnswer() }
        session.unregister(registration) { _ in
            if self.registered[registration] === entry { self.registered[registration] = nil }
            self.countAnswer()
        }
    }

    private func register(_ entry: Entry) {
        // What was taken back while it waited is asked for no more.
        guard case .queued = entry.state, let session = self.session else { return self.countAnswer() }
        entry.state = .registering
        let options = RegisterOptions(
            entry.route, mayForce: !entry.wasRevoked, isCrossbar: session.welcome.isFromCrossbar)
        session.register(entry.route.uri, options: options) { result in
            defer { self.countAnswer() }
            guard self.session === session else { return }
            switch result {
            case .success(let registration): self.registered(entry, registration)
            case .failure(let error): self.refused(entry, error)
            }
            self.settle(entry)
            if self.unsettled.isEmpty, !self.hasLostAnswers { self.hasGivenUpSession = false }
        }
    }

    private func isWanted(_ entry: Entry) -> Bool {
        self.isWanted && (self.singles == .here || !entry.route.isSingle) && !entry.isRemoved
    }

    private func registered(_ entry: Entry, _ registration: RegistrationID) {
        guard self.isWanted(entry) else {
            entry.state = .idle
            // Until it is gone it is called.
            self.registered[registration] = entry
            return self.turns.add(.unregister(registration, entry))
        }
        entry.state = .registered(registration)
        entry.isAnswered = true
        entry.attempts = 0
        entry.mayBeHeld = false
        self.refusals[ObjectIdentifier(entry.route)] = nil
        self.registered[registration] = entry
        self.observer(.registered(uri: entry.route.uri.text))
        self.changed()
    }

    private func refused(_ entry: Entry, _ error: RequestError) {
        guard self.isWanted(entry) else {
            entry.state = .idle
            return
        }
        if self.isHeldByUs(entry, error) {
            if !self.hasGivenUpSession { return self.giveUpSession(entry) }
            self.hasLostAnswers = true
        }
        // Another session's registration goes away as soon as the router sees that its connection is dead.
        let isTaken = error.uri == WAMPError.procedureAlreadyExists.text
        if !isTaken { entry.attempts += 5 }
        self.tryAgainLater(entry, atMost: isTaken ? Self.longestWaitForHolder : Self.longestWait)
        self.complain(entry, error.message)
    }

    /// In a new session all is registered anew.
    private func giveUpSession(_ entry: Entry) {
        self.hasGivenUpSession = true
        guard let session = self.session else { return }
        self.eventLoop.assumeIsolated().execute {
            session.abandon("it holds the registration of \(entry.route.uri), and its answer with the id was lost")
        }
    }

    /// Whether the router holds a registration of ours under an id that we don't know: nothing can be done with it in this session.
    private func isHeldByUs(_ entry: Entry, _ error: RequestError) -> Bool {
        switch error.code {
        case .answerLost: return true
        case .timeout:
            entry.mayBeHeld = true
            return false
        case .refused: return entry.mayBeHeld && error.uri == WAMPError.procedureAlreadyExists.text
        case .canceled, .sessionClosed, .notHeld, .tooLarge, .unsupported: return false
        }
    }

    private func complain(_ entry: Entry, _ reason: String) {
        let last = self.refusals[ObjectIdentifier(entry.route)]
        self.refuse(entry, reason)
        if self.refusals[ObjectIdentifier(entry.route)] != last {
            self.observer(.registrationRefused(uri: entry.route.uri.text, place: entry.route.place, reason: reason))
        }
        entry.isAnswered = true
        self.changed()
    }

    private func tryAgainLater(_ entry: Entry, atMost longest: TimeAmount = Registrar.longestWait) {
        entry.attempts += 1
        let delay = self.backoff.delay(failures: entry.attempts, random: Double.random(in: 0...1))
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: min(max(delay, Self.firstWait), longest)) {
            self.queue(entry)
        }
        entry.state = .waiting(timer)
    }
}

extension RegisterOptions {
    /// What REGISTER asks for.
    ///
    /// - Parameters:
    ///   - mayForce: false after it was taken from us by force.
    ///   - isCrossbar: whether the router knows `concurrency`: no other does, and there is no feature for it.
    init(_ route: ProcedureRoute, mayForce: Bool, isCrossbar: Bool) {
        self.init(
            match: MatchPolicy(rawValue: route.mapping.match.rawValue) ?? .exact,
            invoke: InvocationPolicy(rawValue: route.mapping.invoke.rawValue) ?? .single,
            discloseCaller: route.needsCaller,
            forceReregister: mayForce && route.mapping.forceReregister,
            concurrency: isCrossbar && route.mapping.announcesConcurrency ? route.mapping.concurrency : nil)
    }
}
