import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP

/// Looks up the mapped functions in the catalog. On the event loop.
///
/// One query for a definition at a time: requests during a query may share its result, and a request after a committed
/// change makes another query. Only a few are under way in all, and those that a call waits for go ahead of the others.
final class Definitions {
    /// The interval at which faulty functions are looked up, called or not.
    private static let lookInterval = TimeAmount.seconds(10)
    /// The pause between two rounds is so many times as long as the last one, so that many faults are no load.
    private static let leisure: Int64 = 4
    /// The most look-ups under way at once. Cancels use the same connection.
    private static let mostAtOnce = 4

    private let schema: String
    private let control: Control
    private let eventLoop: any EventLoop
    private let observer: (FunctionEvent) -> Void
    private let changed: () -> Void
    /// Called when the rights of the role that registered a function have changed since its row was read: the row must
    /// be read again.
    var trustChanged: ((RegistrationKey) -> Void)?
    private var reported: [ObjectIdentifier: DefinitionFault] = [:]
    private var faulty = Complaints<ObjectIdentifier>()
    /// The ones that are not known, or can't be called.
    private var unusable: [ObjectIdentifier: ProcedureDefinition] = [:]
    /// The ones that readiness waits for.
    private var awaited: Set<ObjectIdentifier> = []
    private var turns = Turns<ProcedureDefinition>(most: Definitions.mostAtOnce)
    /// The database can be queried, or could be.
    private var hasBegun = false
    private var isAsking = false
    private var roundBegan: NIODeadline?
    private var nextRound: Scheduled<Void>?
    private var isStopped = false

    /// - Parameters:
    ///   - schema: the schema of the SQL interface, unquoted.
    ///   - changed: called after each look-up: ``complaints``, or the state of a procedure, may have changed.
    init(
        schema: String, control: Control, eventLoop: any EventLoop, observer: @escaping (FunctionEvent) -> Void,
        changed: @escaping () -> Void
    ) {
        self.schema = schema
        self.control = control
        self.eventLoop = eventLoop
        self.observer = observer
        self.changed = changed
    }

    /// The functions that can't be called now.
    var complaints: ComplaintSummary { ComplaintSummary(self.faulty) }

    /// Whether all definitions that readiness waits for have been looked up.
    var isSettled: Bool { self.awaited.isEmpty }

    // MARK: - Definitions

    /// Adds a definition. It is looked up at its turn, once ``lookUpWhatIsNotKnown()`` has been called.
    ///
    /// - Parameter isAwaited: whether readiness waits for the look-up.
    func add(_ definition: ProcedureDefinition, isAwaited: Bool) {
        self.unusable[ObjectIdentifier(definition)] = definition
        if isAwaited { self.awaited.insert(ObjectIdentifier(definition)) }
        guard self.hasBegun else { return }
        self.queue(definition)
        self.ask()
    }

    /// The definition is not used any more: its faults are of no interest.
    func forget(_ definition: ProcedureDefinition) {
        let key = ObjectIdentifier(definition)
        definition.isForgotten = true
        self.reported[key] = nil
        self.faulty[key] = nil
        self.unusable[key] = nil
        self.awaited.remove(key)
    }

    /// No more look-ups without a request.
    func stop() {
        self.isStopped = true
        self.nextRound?.cancel()
    }

    // MARK: - Looking

    /// Looks up the definitions that are not known, or were faulty at the last look-up, and repeats that as long as
    /// there are faults: a call finds out by itself, but readiness must not wait for one.
    func lookUpWhatIsNotKnown() {
        guard !self.isStopped else { return }
        self.hasBegun = true
        self.nextRound?.cancel()
        self.nextRound = nil
        for definition in self.unusable.values { self.queue(definition) }
        self.ask()
    }

    /// Looks the function up and makes the definition's plan again, for a waiting party.
    func lookUp(_ definition: ProcedureDefinition, completion: @escaping (DefinitionOutcome) -> Void) {
        switch definition.look {
        case .none, .queued:
            definition.look = .wanted
            self.turns.add(definition, isUrgent: true)
        case .wanted, .underWay:
            break
        }
        definition.waiting.append(completion)
        self.ask()
    }

    private func queue(_ definition: ProcedureDefinition) {
        guard case .none = definition.look else { return }
        definition.look = .queued
        self.turns.add(definition)
    }

    private func ask() {
        // After an immediate answer the requesting loop itself continues.
        guard !self.isAsking else { return }
        self.isAsking = true
        defer { self.isAsking = false }
        while let definition = self.turns.next() {
            if self.roundBegan == nil { self.roundBegan = .now() }
            switch definition.look {
            case .none, .underWay:
                // It was requested twice, and the other query answers it.
                self.turns.answered()
            case .queued where definition.isForgotten:
                definition.look = .none
                self.turns.answered()
            case .queued, .wanted:
                definition.look = .underWay
                self.find(definition) { self.found($0, of: definition) }
            }
        }
        self.lookAgainLater()
    }

    private func found(_ result: Result<ProcedurePlan, PlanSource.Failure>, of definition: ProcedureDefinition) {
        let outcome: DefinitionOutcome
        switch result {
        case .success(let plan):
            outcome = .found(self.take(plan, for: definition))
        case .failure(.fault(let fault)):
            self.retirePlan(of: definition)
            definition.state = .fault(fault)
            outcome = .fault(fault)
        case .failure(.unavailable(let reason)):
            outcome = .unavailable(reason)
        }
        self.report(outcome, of: definition)
        let waiting = definition.waiting
        definition.waiting = []
        definition.look = .none
        self.turns.answered()
        for completion in waiting { completion(outcome) }
        self.changed()
        self.ask()
    }

    private func lookAgainLater() {
        guard self.turns.isIdle, let began = self.roundBegan else { return }
        self.roundBegan = nil
        guard self.nextRound == nil, !self.isStopped, !self.unusable.isEmpty else { return }
        let wait = max(Self.lookInterval, (.now() - began) * Self.leisure)
        self.nextRound = self.eventLoop.assumeIsolated().scheduleTask(in: wait) {
            self.nextRound = nil
            self.lookUpWhatIsNotKnown()
        }
    }

    private func find(
        _ definition: ProcedureDefinition, completion: @escaping (Result<ProcedurePlan, PlanSource.Failure>) -> Void
    ) {
        var options = definition.options
        options.interfaceSchema = self.schema
        guard let registration = definition.registration else {
            return PlanSource.find(
                definition.target, options: options, role: definition.role, control: self.control,
                completion: completion)
        }
        self.askForStamp(registration) { result in
            switch result {
            case .success(let stamp):
                // Only registrations of low roles have a stamp, and only they may and must be the guest's.
                guard (stamp != nil) == (definition.guest != nil) else {
                    self.trustChanged?(registration)
                    return completion(.failure(.unavailable("the registering role has other rights now")))
                }
                options.guardCondition = stamp.map {
                    "\(SQLText.qualified(self.schema, "mapping_guard"))(\(SQLText.literal($0)))"
                }
                PlanSource.find(
                    definition.target, options: options, role: definition.role, guest: definition.guest,
                    control: self.control, completion: completion)
            case .failure(let failure):
                completion(.failure(PlanSource.Failure(failure)))
            }
        }
    }

    /// The role that registered a function may have changed it meanwhile: the version that runs must be the very one
    /// that was checked.
    private func askForStamp(
        _ registration: RegistrationKey, completion: @escaping (Result<String?, QueryFailure>) -> Void
    ) {
        var values = Parameters()
        values.append(registration.kind.rawValue)
        values.append("\(registration.id)")
        self.control.query(
            "select \(SQLText.qualified(self.schema, "mapping_stamp"))($1::pg_catalog.text, $2::pg_catalog.int8)",
            values
        ) { result in
            completion(result.map { rows in rows.values.first?.first ?? nil })
        }
    }

    /// Returns the present plan of the definition.
    private func take(_ plan: ProcedurePlan, for definition: ProcedureDefinition) -> ProcedurePlan {
        // An unchanged definition keeps its plan, and so the statements that connections have prepared.
        if let present = definition.plan, plan.isMadeLike(present) { return present }
        self.retirePlan(of: definition)
        definition.state = .plan(plan)
        return plan
    }

    private func retirePlan(of definition: ProcedureDefinition) {
        definition.failures = LastingFailures()
        definition.pool.retire(definition.plan?.statements ?? [])
    }

    /// A line in the log for each change, not for each look-up.
    private func report(_ outcome: DefinitionOutcome, of definition: ProcedureDefinition) {
        guard !definition.isForgotten else { return }
        let key = ObjectIdentifier(definition)
        switch outcome {
        case .found:
            self.awaited.remove(key)
            self.unusable[key] = nil
            self.faulty[key] = nil
            guard self.reported.removeValue(forKey: key) != nil else { return }
            self.observer(.usable(definition.use, role: definition.namedRole))
        case .fault(let fault):
            self.awaited.remove(key)
            self.unusable[key] = definition
            self.faulty[key] = Complaint(name: definition.name, reason: fault.description)
            guard self.reported.updateValue(fault, forKey: key) != fault else { return }
            self.observer(
                .unusable(
                    definition.use, role: definition.namedRole, place: definition.place, reason: fault.description))
        case .unavailable:
            break
        }
    }
}
