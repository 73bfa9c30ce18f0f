import NIOCore
import Names
import WAMP
import WAMPClient

/// Requests things of a kind from the router, and ensures that it continues to hold them: runs the actions of
/// ``Holdings``. On the event loop.
///
/// A refused thing is requested again, since permissions change. One refusal never delays the others.
final class Holder<Thing: Holdable> {
    /// Whether everything is being returned for good.
    private enum Draining {
        case no
        /// With the function to call when the router has answered, or the time is over.
        case until(Scheduled<Void>, () -> Void)
        case over
    }

    private let eventLoop: any EventLoop
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    private let random: () -> Double
    private var holdings = Holdings<Thing, Thing.ID>(Thing.terms) { "\(Thing.terms.thing) '\($0.uri)'" }
    private var session: Thing.Host?
    private var timers: [Thing: Scheduled<Void>] = [:]
    /// The functions to call when nothing more comes for the removed things.
    private var completions: [Thing: () -> Void] = [:]
    private var draining = Draining.no
    private var isAsking = false

    /// - Parameters:
    ///   - changed: called whenever ``complaints`` or ``isSettled`` may have changed.
    ///   - random: numbers from 0 to 1, for delays.
    init(
        eventLoop: any EventLoop, observer: @escaping (Observation) -> Void, changed: @escaping () -> Void,
        random: @escaping () -> Double = { .random(in: 0...1) }
    ) {
        self.eventLoop = eventLoop
        self.observer = observer
        self.changed = changed
        self.random = random
    }

    /// Whether the router has answered for each, with success or not.
    var isSettled: Bool { self.holdings.isSettled }

    /// The router's refusals, in its words.
    var complaints: ComplaintSummary { ComplaintSummary(self.holdings.complaints) }

    /// Whether ``drain(within:completion:)`` has ended.
    var isDrained: Bool {
        switch self.draining {
        case .over: true
        case .no, .until: false
        }
    }

    // MARK: - Receivers

    /// The receiver of an id of this session.
    func receiver(of id: Thing.ID) -> Thing? {
        if let thing = self.holdings.receivers.only(of: id) { return thing }
        guard let party = self.holdings.receivers.party(of: id) else { return nil }
        return party.holders.first ?? party.former.first
    }

    /// Calls back for each receiver of an id of this session.
    func forEachReceiver(of id: Thing.ID, _ body: (Thing) -> Void) {
        if let thing = self.holdings.receivers.only(of: id) { return body(thing) }
        guard let party = self.holdings.receivers.party(of: id) else { return }
        party.holders.forEach(body)
        party.former.forEach(body)
    }

    // MARK: - Things

    /// Adds a thing.
    ///
    /// - Parameter isLate: it is added when all the others are held; readiness does not wait for it in this session.
    func add(_ thing: Thing, isLate: Bool) {
        self.holdings.add(thing, isSingle: thing.isSingle, isLate: isLate)
        self.goOn()
    }

    /// Removes a thing.
    ///
    /// - Parameter completion: called once, when nothing more comes for it. Not before this returns.
    func remove(_ thing: Thing, completion: (() -> Void)? = nil) {
        let action = self.holdings.remove(thing)
        guard action != .nothing else { return }
        self.completions[thing] = completion
        self.cancel([thing])
        if action == .end { self.end([thing]) }
        self.goOn()
        self.changed()
    }

    // MARK: - Sessions

    /// A new session: everything is requested in it.
    func joined(_ session: Thing.Host) {
        self.cancelAll()
        self.end(self.holdings.joined())
        self.session = session
        self.goOn()
    }

    /// The session is lost, and with it all holdings.
    func left() {
        self.session = nil
        self.cancelAll()
        self.end(self.holdings.left())
        self.goOn()
    }

    /// The router revoked an id.
    func revoked(_ id: Thing.ID, reason: String?) {
        for revocation in self.holdings.revoked(id, random: self.random) {
            let thing = revocation.thing
            self.observer(thing.observation(of: .revoked(reason: reason ?? "no reason given")))
            switch revocation.action {
            case .nothing: break
            case .wait(let delay): self.wait(delay, thing)
            case .end: self.end([thing])
            }
        }
        self.changed()
    }

    // MARK: - Wishes

    /// Whether anything should be held at all: if not, everything is returned.
    func offer(_ isOffered: Bool) {
        self.cancel(self.holdings.offer(isOffered))
        self.goOn()
        self.changed()
    }

    /// The leader is known, or has changed.
    func lead(is lead: Lead) {
        self.cancel(self.holdings.lead(is: lead))
        self.goOn()
        self.changed()
    }

    /// Returns everything for good.
    ///
    /// - Parameter completion: called once, when the router has answered and nothing more comes, or when so much time
    ///   has passed.
    func drain(within patience: TimeAmount, completion: @escaping () -> Void) {
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: patience) { self.drained() }
        self.draining = .until(timer, completion)
        self.offer(false)
    }

    private func drained() {
        switch self.draining {
        case .until(let timer, let completion):
            timer.cancel()
            self.draining = .over
            completion()
        case .no, .over:
            break
        }
    }

    // MARK: - Requesting

    private func goOn() {
        // After an immediate failure the requesting loop itself continues.
        guard !self.isAsking else { return }
        self.isAsking = true
        while let session = self.session, let request = self.holdings.next() { self.send(request, session) }
        self.isAsking = false
        if self.holdings.isAnswered { self.drained() }
    }

    private func send(_ request: Holdings<Thing, Thing.ID>.Request, _ session: Thing.Host) {
        switch request.kind {
        case .ask(let mayForce):
            request.thing.ask(session, mayForce: mayForce) { self.answered(request, $0, session) }
        case .giveBack(let id):
            Thing.giveBack(id, to: session) { _ in
                self.end(self.holdings.gaveBack(request))
                self.goOn()
            }
        }
    }

    private func answered(
        _ request: Holdings<Thing, Thing.ID>.Request, _ result: Result<Thing.ID, RequestError>, _ session: Thing.Host
    ) {
        let thing = request.thing
        let answer: Holdings<Thing, Thing.ID>.Answer
        switch result {
        case .success(let id): answer = .granted(id)
        case .failure(let error):
            answer = .refused(
                HoldingRefusal(error, takenError: Thing.terms.takenError), reason: error.message)
        }
        switch self.holdings.answered(request, answer, random: self.random()) {
        case .nothing: break
        case .reportGrant: self.observer(thing.observation(of: .granted))
        case .wait(let delay, let isNews):
            self.wait(delay, thing)
            if isNews, case .refused(_, let reason) = answer {
                self.observer(thing.observation(of: .refused(reason: reason)))
            }
        case .abandon: self.abandon(session, for: thing)
        case .end: self.end([thing])
        }
        self.changed()
        self.goOn()
    }

    /// In a new session everything is requested again.
    private func abandon(_ session: Thing.Host, for thing: Thing) {
        self.eventLoop.assumeIsolated().execute {
            session.abandon(
                "it holds the \(Thing.terms.holding) of \(thing.uri), and its answer with the id was lost")
        }
    }

    // MARK: - Timers and endings

    private func wait(_ delay: TimeAmount, _ thing: Thing) {
        self.timers[thing] = self.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            self.timers[thing] = nil
            self.holdings.timer(thing)
            self.goOn()
        }
    }

    private func cancel(_ things: [Thing]) {
        for thing in things { self.timers.removeValue(forKey: thing)?.cancel() }
    }

    private func cancelAll() {
        for timer in self.timers.values { timer.cancel() }
        self.timers.removeAll()
    }

    private func end(_ things: [Thing]) {
        for thing in things {
            guard let completion = self.completions.removeValue(forKey: thing) else { continue }
            self.eventLoop.assumeIsolated().execute(completion)
        }
    }
}
