import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

/// The callee role: functions of the database are procedures on the router. On the event loop.
final class Callee {
    /// How long the router may take to answer UNREGISTER when the process stops.
    private static let unregisterPatience = TimeAmount.seconds(2)

    let pool: Pool
    let definitions: Definitions
    /// How long a call may wait for a connection.
    var queueTimeout: TimeAmount

    let eventLoop: any EventLoop
    /// The objects that every answer to a call needs.
    let passage: Passage
    private let timeoutUnit: RouterSettings.CallTimeoutUnit
    /// What becomes of the registrations when the database is lost the next time.
    var onDatabaseLoss: DatabaseSettings.OnDatabaseLoss
    let observer: (Observation) -> Void
    /// Which calls are reported when they have ended.
    var tracing: CallTracing
    private let registrar: Holder<ProcedureRoute>
    let slots: SlotTable<ProcedureSlot>
    private let settings: CallSettings
    private let budget: RouterBudget
    private var isRouterCrossbar = false
    private var isStopping = false
    private var calls: [RequestID: ProcedureCall] = [:]
    /// The greatest id of this session's calls: most routers count, so that one that is greater is new.
    private var greatestCall: Int64 = 0
    /// How many calls came of what is not registered any more.
    private(set) var callsOfNothing = 0
    /// Called when the last call has been answered; set while stopping.
    private var drained: (() -> Void)?

    /// - Parameters:
    ///   - slots: where calls are counted.
    ///   - changed: called whenever ``health`` may have changed.
    init(
        configuration: Configuration, pool: Pool, control: Control, eventLoop: any EventLoop,
        settings: CallSettings, budget: RouterBudget, passage: Passage, slots: SlotTable<ProcedureSlot>,
        observer: @escaping (Observation) -> Void, changed: @escaping () -> Void
    ) {
        self.pool = pool
        self.definitions = Definitions(
            schema: configuration.database.schema, control: control, eventLoop: eventLoop,
            observer: { observer(.function($0)) }, changed: changed)
        self.eventLoop = eventLoop
        self.passage = passage
        self.slots = slots
        self.queueTimeout = TimeAmount(configuration.database.queueTimeout)
        self.timeoutUnit = configuration.router.callTimeoutUnit
        self.onDatabaseLoss = configuration.database.onDatabaseLoss
        self.observer = observer
        self.tracing = CallTracing(configuration.log)
        self.settings = settings
        self.budget = budget
        self.registrar = Holder(eventLoop: eventLoop, observer: observer, changed: changed)
    }

    // MARK: - Health

    /// Whether all procedures have been registered or refused, and all functions looked up.
    var isSettled: Bool { self.registrar.isSettled && self.definitions.isSettled }

    var faultKind: FaultKind? { .procedure }

    /// The complaints about procedures.
    var complaints: ComplaintSummary { self.registrar.complaints + self.definitions.complaints }

    /// How it stands with each procedure and its calls, by their URIs.
    var standings: [(route: RouteStanding, figures: ProcedureFigures?)] {
        self.registrar.standings.map { route, standing in
            let uri = route.uri.text
            let stands = RouteStanding(
                uri: uri, target: route.target, place: route.place,
                standing: standing, fault: route.allDefinitions.lazy.compactMap(\.fault).first)
            return (stands, route.slot.figures(of: uri))
        }.sorted { $0.route.uri < $1.route.uri }
    }

    // MARK: - Procedures

    /// Adds a procedure.
    ///
    /// - Parameters:
    ///   - place: the place of its mapping: `sidecar.yaml:12:3`.
    ///   - registration: its row, if SQL registered it.
    ///   - isAwaited: whether readiness waits for it.
    ///   - runner: the role that runs it, if that is not this sidecar's own.
    func add(
        _ mapping: ProcedureMapping, place: String, registration: RegistrationKey?, isAwaited: Bool,
        runner: Guests.Runner?
    ) -> ProcedureRoute {
        let route = ProcedureRoute(
            mapping: mapping, place: place, pool: runner?.pool ?? self.pool,
            slot: self.slots.slot(mapping.uri.text), registration: registration, guest: runner?.role)
        for definition in route.allDefinitions { self.definitions.add(definition, isAwaited: isAwaited) }
        self.registrar.add(route, isLate: !isAwaited)
        self.budget.parties += 1
        return route
    }

    /// Removes a procedure. Its running calls are answered.
    func remove(_ route: ProcedureRoute) {
        for definition in route.allDefinitions {
            self.definitions.forget(definition)
            definition.pool.retire(definition.plan?.statements ?? [])
        }
        self.registrar.remove(route)
        self.budget.parties -= 1
    }

    // MARK: - The two sides

    func joined(_ session: Session) {
        self.isRouterCrossbar = session.welcome.isFromCrossbar
        self.greatestCall = 0
        self.registrar.joined(session)
    }

    func left() {
        self.registrar.left()
        let calls = self.calls
        self.calls.removeAll()
        let now = NIODeadline.now()
        for call in calls.values {
            self.count(call, .canceled, at: now)
            call.sessionEnded()
        }
        self.finishDraining()
    }

    func revoked(_ registration: RegistrationID, reason: String?) {
        self.registrar.revoked(registration, reason: reason)
    }

    /// The database can be reached.
    func databaseIsAvailable() {
        guard !self.isStopping else { return }
        self.lookUpWhatIsNotKnown()
        self.registrar.offer(true)
    }

    /// Looks up the functions that are not known, or were faulty at the last look-up.
    func lookUpWhatIsNotKnown() {
        self.definitions.lookUpWhatIsNotKnown()
    }

    /// The leader is known, or has changed: the leader has the procedures of which there may be only one.
    func lead(is lead: Lead) {
        self.registrar.lead(is: lead)
    }

    /// The database is unreachable: if the file says so, the procedures are unregistered until it is back.
    func databaseIsUnavailable() {
        switch self.onDatabaseLoss {
        case .unregister: self.registrar.offer(false)
        case .keep: break
        }
    }

    /// Accepts no more calls; `completion` is called when the running ones have been answered.
    func drain(completion: @escaping () -> Void) {
        self.isStopping = true
        self.drained = completion
        self.definitions.stop()
        // Until then the router may send calls that it had sent before it learned that the procedure is unregistered.
        self.registrar.drain(within: Self.unregisterPatience) { self.finishDraining() }
    }

    private func finishDraining() {
        guard self.calls.isEmpty, self.registrar.isDrained, let drained = self.drained else { return }
        self.drained = nil
        drained()
    }

    // MARK: - Calls

    func received(_ invocation: Invocation, in session: Session) {
        guard let route = self.registrar.receiver(of: invocation.registration) else {
            // It crossed UNREGISTER on the way.
            self.callsOfNothing += 1
            let failure = CallFailure(WAMPError.noSuchRegistration, "the procedure is not registered any more")
            _ = session.fail(invocation.request, uri: failure.uri, payload: failure.payload)
            return
        }
        // The answers to two invocations with the same id could not be distinguished.
        let number = invocation.request.rawValue
        guard number > self.greatestCall || self.calls[invocation.request] == nil else { return }
        self.greatestCall = max(number, self.greatestCall)
        route.slot.callCame()
        let facts = InvocationFacts(invocation.details)
        let caller = facts.caller
        guard let definition = route.definition(for: caller) else {
            let who =
                caller.authrole.map { "the authrole \(String(buffer: $0))" }
                ?? "a caller that the router does not disclose"
            let failure = CallFailure(WAMPError.notAuthorized, "\(who) may not call \(route.uri)")
            return self.refuse(invocation, of: route, by: caller, failure, in: session)
        }
        if let refusal = self.passage.refusal(of: route.origin) {
            let failure = CallFailure(WAMPError.unavailable, refusal.description)
            return self.refuse(invocation, of: route, by: caller, failure, in: session)
        }
        guard let share = self.budget.admit(invocation.payload, invocation.details, of: FairShares.Party(route)) else {
            let failure = CallFailure(
                WAMPError.unavailable, "too many messages of the router wait for the database")
            return self.refuse(invocation, of: route, by: caller, failure, in: session)
        }
        var invocation = invocation
        invocation.payload.compact(always: self.budget.isCrowded)
        invocation.details.compact(always: self.budget.isCrowded)
        let call = ProcedureCall(
            invocation, share: share, facts: facts, route: route, definition: definition,
            timeout: self.timeout(of: facts, route: route), session: session, callee: self,
            at: .now())
        self.calls[invocation.request] = call
        call.start()
    }

    /// Answers a call that is not begun.
    private func refuse(
        _ invocation: Invocation, of route: ProcedureRoute, by caller: Caller, _ failure: CallFailure,
        in session: Session
    ) {
        _ = session.fail(invocation.request, uri: failure.uri, payload: failure.payload)
        self.count(failure, of: route, by: caller)
    }

    /// How many calls have not been answered.
    var callsInProgress: Int { self.calls.count }

    func received(_ interrupt: Interrupt) {
        self.calls[interrupt.request]?.interrupt()
    }

    /// A call has been answered, or can't be any more.
    func answered(_ call: ProcedureCall, _ kind: CallResultKind) {
        if let index = self.calls.index(forKey: call.invocation.request), self.calls.values[index] === call {
            self.calls.remove(at: index)
            self.count(call, kind, at: .now())
        }
        if self.drained != nil { self.finishDraining() }
    }

    // MARK: - Facts that callers don't learn

    /// The role that runs a call.
    func role(of call: ProcedureCall) -> RunningRole { call.definition.runningRole(own: self.settings.ownRole) }

    /// Faults that only the database's administrator can fix are logged, with the advice that callers don't get.
    func tellAdministrator(_ error: DatabaseError, of call: ProcedureCall, role: RunningRole) {
        guard Audience.isAdministrator(error.sqlstate), call.definition.failures.happened(error.sqlstate, at: .now())
        else { return }
        self.observer(
            .callFaulty(
                uri: call.route.uri.text, function: call.route.target, error: error.sqlstate,
                reason: role.explain(error), role: role.name))
    }

    /// The functions themselves cause this.
    func tellOfSettings(_ call: ProcedureCall) {
        self.observer(
            .callFaulty(
                uri: call.route.uri.text, function: call.route.target, error: WAMPError.unavailable.text,
                reason: "functions leave settings behind in their sessions faster than the sidecar can reset them; "
                    + "use set_config(.., true) or SET LOCAL", role: self.role(of: call).name))
    }

    // MARK: - Settings

    /// The settings to check and make for a call.
    func precautions(of call: ProcedureCall, _ plan: ProcedurePlan) -> CallSettings.Precautions {
        self.settings.precautions(
            for: plan, timeout: call.timeout, role: call.definition.role, procedure: call.route.uri.text,
            caller: call.facts.caller, isGuests: call.definition.guest != nil)
    }

    /// The mapping's timeout, or the call's own if that is shorter.
    private func timeout(of facts: InvocationFacts, route: ProcedureRoute) -> TimeAmount {
        guard let number = facts.timeout, number > 0 else { return route.timeout }
        // Beyond a day no unit makes it shorter than the mapping's.
        let bounded = min(number, 86_400_000)
        switch self.timeoutUnit {
        case .ignore: return route.timeout
        case .milliseconds: return min(.milliseconds(bounded), route.timeout)
        case .seconds: return min(.seconds(bounded), route.timeout)
        case .auto:
            return min(self.isRouterCrossbar ? .seconds(bounded) : .milliseconds(bounded), route.timeout)
        }
    }
}
