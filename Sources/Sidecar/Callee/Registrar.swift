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

    /// Where the procedures are registered of which there may be only one.
    enum Singles {
        /// It is not known yet which sidecar leads.
        case undecided
        case here
        case elsewhere
    }

    private enum State {
        case idle
        case registering
        case registered(RegistrationID)
        case waiting(Scheduled<Void>)
    }

    private struct Entry {
        let route: ProcedureRoute
        var state = State.idle
        var attempts = 0
        /// What the router said, as it was last logged.
        var refusal: String?
    }

    private let eventLoop: any EventLoop
    private let backoff: Backoff
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    private var entries: [Entry]
    private var routes: [RegistrationID: ProcedureRoute] = [:]
    private var session: Session?
    /// Whether the procedures should be registered. False while the database is away, if the mapping says so, and when stopping.
    private var isWanted = true
    private var singles = Singles.undecided

    /// - Parameter changed: called whenever ``refusals`` or ``isComplete`` may have changed.
    init(
        routes: [ProcedureRoute], eventLoop: any EventLoop, observer: @escaping (Observation) -> Void,
        changed: @escaping () -> Void
    ) {
        self.entries = routes.map { Entry(route: $0) }
        self.eventLoop = eventLoop
        self.backoff = Backoff(base: Self.firstWait, greatest: Self.longestWait)
        self.observer = observer
        self.changed = changed
    }

    /// The procedure of a registration of this session.
    func route(of registration: RegistrationID) -> ProcedureRoute? { self.routes[registration] }

    /// Whether the router has answered for each procedure, one way or the other.
    var isComplete: Bool {
        self.entries.allSatisfy { entry in
            switch entry.state {
            case .registered: true
            case .waiting: entry.refusal != nil
            case .idle: entry.route.isSingle && self.singles == .elsewhere
            case .registering: false
            }
        }
    }

    /// What the router refuses: the procedure and its words.
    var refusals: [(uri: String, reason: String)] {
        self.entries.compactMap { entry in entry.refusal.map { (entry.route.uri.text, $0) } }
    }

    // MARK: - Sessions

    /// A new session: all is to be registered in it.
    func joined(_ session: Session) {
        self.forget()
        self.session = session
        for index in self.entries.indices { self.register(index) }
    }

    /// The session is gone, and with it all registrations.
    func left() {
        self.forget()
        self.session = nil
    }

    /// Takes all procedures off the router, until ``resume()``.
    func withdraw() {
        guard self.isWanted else { return }
        self.isWanted = false
        for index in self.entries.indices { self.withdraw(index) }
        self.changed()
    }

    /// Which sidecar leads has been decided, or has changed.
    func hold(singles: Singles) {
        guard singles != self.singles else { return }
        self.singles = singles
        for index in self.entries.indices where self.entries[index].route.isSingle {
            if singles == .here { self.registerIfIdle(index) } else { self.withdraw(index) }
        }
        self.changed()
    }

    private func withdraw(_ index: Int) {
        switch self.entries[index].state {
        case .registered(let registration):
            self.session?.unregister(registration) { _ in }
            self.entries[index].state = .idle
        case .waiting(let timer):
            timer.cancel()
            self.entries[index].state = .idle
        case .idle, .registering:
            break
        }
        self.entries[index].refusal = nil
    }

    private func registerIfIdle(_ index: Int) {
        if case .idle = self.entries[index].state { self.register(index) }
    }

    /// Puts them back.
    func resume() {
        guard !self.isWanted else { return }
        self.isWanted = true
        for index in self.entries.indices { self.registerIfIdle(index) }
    }

    /// The router took a registration away.
    func revoked(_ registration: RegistrationID, reason: String?) {
        guard let route = self.routes.removeValue(forKey: registration),
            let index = self.entries.firstIndex(where: { $0.route === route })
        else { return }
        self.observer(.registrationRevoked(uri: route.uri.text, reason: reason ?? "no reason given"))
        self.entries[index].refusal = "the registration was revoked"
        self.tryAgainLater(index)
        self.changed()
    }

    private func forget() {
        for index in self.entries.indices {
            if case .waiting(let timer) = self.entries[index].state { timer.cancel() }
            self.entries[index].state = .idle
            self.entries[index].attempts = 0
        }
        self.routes.removeAll()
    }

    // MARK: - One procedure

    private func register(_ index: Int) {
        guard let session = self.session, self.isWanted(index) else { return }
        switch self.entries[index].state {
        case .registering, .registered: return
        case .idle, .waiting: break
        }
        self.entries[index].state = .registering
        session.register(self.entries[index].route.uri, options: RegisterOptions(self.entries[index].route)) { result in
            guard self.session === session else { return }
            switch result {
            case .success(let registration): self.registered(index, registration, in: session)
            case .failure(let error): self.refused(index, error)
            }
        }
    }

    private func isWanted(_ index: Int) -> Bool {
        self.isWanted && (self.singles == .here || !self.entries[index].route.isSingle)
    }

    private func registered(_ index: Int, _ registration: RegistrationID, in session: Session) {
        guard self.isWanted(index) else {
            self.entries[index].state = .idle
            return session.unregister(registration) { _ in }
        }
        let route = self.entries[index].route
        self.entries[index].state = .registered(registration)
        self.entries[index].attempts = 0
        self.entries[index].refusal = nil
        self.routes[registration] = route
        self.observer(.registered(uri: route.uri.text))
        self.changed()
    }

    private func refused(_ index: Int, _ error: RequestError) {
        guard self.isWanted(index) else {
            self.entries[index].state = .idle
            return
        }
        let route = self.entries[index].route
        if self.entries[index].refusal != error.message {
            self.observer(.registrationRefused(uri: route.uri.text, place: route.place, reason: error.message))
        }
        self.entries[index].refusal = error.message
        // Another session's registration goes away as soon as the router sees that its connection is dead.
        if error.uri != WAMPError.procedureAlreadyExists.text { self.entries[index].attempts += 5 }
        self.tryAgainLater(index)
        self.changed()
    }

    private func tryAgainLater(_ index: Int) {
        self.entries[index].attempts += 1
        let delay = self.backoff.delay(failures: self.entries[index].attempts, random: Double.random(in: 0...1))
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: max(delay, Self.firstWait)) {
            self.register(index)
        }
        self.entries[index].state = .waiting(timer)
    }
}

extension RegisterOptions {
    /// What REGISTER asks for.
    init(_ route: ProcedureRoute) {
        self.init(
            match: MatchPolicy(rawValue: route.mapping.match.rawValue) ?? .exact,
            invoke: InvocationPolicy(rawValue: route.mapping.invoke.rawValue) ?? .single,
            discloseCaller: route.needsCaller,
            forceReregister: route.mapping.forceReregister)
    }
}
