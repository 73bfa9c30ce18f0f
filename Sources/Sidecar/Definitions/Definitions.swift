import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP

/// Asks the catalog what the mapped functions are. On the event loop.
///
/// One question a definition at a time: who asks while one is under way may be told what it finds, and who asks after a change has been
/// committed asks anew. Only a few are under way in all, and those that a call waits for go ahead of the others.
final class Definitions {
    /// How often what can't be called is looked up, whether it is called or not.
    private static let lookInterval = TimeAmount.seconds(10)
    /// Between two rounds of looking there are so many times the time that the last one took, so that many faults are no load.
    private static let leisure: Int64 = 4
    /// So many look-ups are under way at once. Cancels use the same connection.
    private static let mostAtOnce = 4

    private let schema: String
    private let control: Control
    private let eventLoop: any EventLoop
    private let observer: (FunctionEvent) -> Void
    private let changed: () -> Void
    /// Called when who registered a function has other rights than when its row was read: the row has to be read again.
    var trustChanged: ((RegistrationKey) -> Void)?
    private var reported: [ObjectIdentifier: DefinitionFault] = [:]
    private var faulty = Complaints<ObjectIdentifier>()
    /// Those that are not known, or can't be called.
    private var unusable: [ObjectIdentifier: ProcedureDefinition] = [:]
    /// Those that readiness waits for.
    private var awaited: Set<ObjectIdentifier> = []
    private var turns = Turns<ProcedureDefinition>(most: Definitions.mostAtOnce)
    /// The database can be asked, or could be.
    private var hasBegun = false
    private var isAsking = false
    private var roundBegan: NIODeadline?
    private var nextRound: Scheduled<Void>?
    private var isStopped = false

    /// - Parameters:
    ///   - schema: where the SQL interface is, unquoted.
    ///   - changed: called after each look: ``complaints``, or what is known of a procedure, may have changed.
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

    /// What can't be called now.
    var complaints: ComplaintSummary { ComplaintSummary(self.faulty) }

    /// Whether all have been looked at that readiness waits for.
    var isSettled: Bool { self.awaited.isEmpty }

    // MARK: - Which there are

    /// Another definition. It is looked up when it is its turn, once ``lookUpWhatIsNotKnown()`` has been called.
    ///
    /// - Parameter isAwaited: whether readiness waits for the look.
    func add(_ definition: ProcedureDefinition, isAwaited: Bool) {
        self.unusable[ObjectIdentifier(definition)] = definition
        if isAwaited { self.awaited.insert(ObjectIdentifier(definition)) }
        guard self.hasBegun else { return }
        self.queue(definition)
        self.ask()
    }

    /// The definition is used no more: what is wrong with it is of no interest.
    func forget(_ definition: ProcedureDefinition) {
        let key = ObjectIdentifier(definition)
        definition.isForgotten = true
        self.reported[key] = nil
        self.faulty[key] = nil
        self.unusable[key] = nil
        self.awaited.remove(key)
    }

    /// Nothing is looked up any more by itself.
    func stop() {
        self.isStopped = true
        self.nextRound?.cancel()
    }

    // MARK: - Looking

    /// Looks up what is not known, or was wrong when last looked at, and again after a while as long as something is wrong: a call finds out by
    /// itself, but readiness must not wait for one.
    func lookUpWhatIsNotKnown() {
        guard !self.isStopped else { return }
        self.hasBegun = true
        self.nextRound?.cancel()
        self.nextRound = nil
        for definition in self.unusable.values { self.queue(definition) }
        self.ask()
    }

    /// Looks at the catalog and makes the definition's plan anew, for somebody who waits for it.
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
        // What is answered at once is asked for by the loop that asked before.
        guard !self.isAsking else { return }
        self.isAsking = true
        defer { self.isAsking = false }
        while let definition = self.turns.next() {
            if self.roundBegan == nil { self.roundBegan = .now() }
            switch definition.look {
            case .none, .underWay:
                // It was asked for twice, and is answered by the other question.
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
                // Only what low roles registered has a stamp, and only that may and must be the guest's.
                guard (stamp != nil) == (definition.guest != nil) else {
                    self.trustChanged?(registration)
                    return completion(.failure(.unavailable("who registered the function has other rights now")))
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

    /// Who registered a function may have changed it since: what runs must be what was found to be harmless, to the very version.
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

    /// Returns the plan that the definition has by now.
    private func take(_ plan: ProcedurePlan, for definition: ProcedureDefinition) -> ProcedurePlan {
        // What is the same as before keeps its plan, and with it what connections have prepared.
        if let present = definition.plan, plan.isMadeLike(present) { return present }
        self.retirePlan(of: definition)
        definition.state = .plan(plan)
        return plan
    }

    private func retirePlan(of definition: ProcedureDefinition) {
        definition.plan?.statements.forEach(definition.pool.retire)
    }

    /// A line in the log where something has changed, not for each look.
    private func report(_ outcome: DefinitionOutcome, of definition: ProcedureDefinition) {
        guard !definition.isForgotten else { return }
        let key = ObjectIdentifier(definition)
        switch outcome {
        case .found:
            self.awaited.remove(key)
            self.unusable[key] = nil
            self.faulty[key] = nil
            guard self.reported.removeValue(forKey: key) != nil else { return }
            self.observer(.usable(definition.use))
        case .fault(let fault):
            self.awaited.remove(key)
            self.unusable[key] = definition
            self.faulty[key] = Complaint(name: definition.name, reason: fault.description)
            guard self.reported.updateValue(fault, forKey: key) != fault else { return }
            self.observer(.unusable(definition.use, place: definition.place, reason: fault.description))
        case .unavailable:
            break
        }
    }
}
