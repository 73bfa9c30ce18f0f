import Postgres
import SidecarConfiguration
import WAMP

/// Asks the catalog what the mapped functions are. On the event loop.
///
/// One question a definition at a time: who asks while one is under way may be told what it finds, and who asks after a change has been
/// committed asks anew.
final class Definitions {
    private let schema: String
    private let control: Control
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    /// Called when who registered a function has other rights than when its row was read: the rows have to be read again.
    var trustChanged: (() -> Void)?
    private var reported: [ObjectIdentifier: DefinitionFault] = [:]

    /// - Parameters:
    ///   - schema: where the SQL interface is, unquoted.
    ///   - changed: called after each look: ``faults``, or what is known of a procedure, may have changed.
    init(
        schema: String, control: Control, observer: @escaping (Observation) -> Void, changed: @escaping () -> Void
    ) {
        self.schema = schema
        self.control = control
        self.observer = observer
        self.changed = changed
    }

    /// What can't be called now, in no order.
    var faults: [DefinitionFault] { Array(self.reported.values) }

    /// The definition is used no more: what is wrong with it is of no interest.
    func forget(_ definition: ProcedureDefinition) {
        definition.isForgotten = true
        self.reported[ObjectIdentifier(definition)] = nil
    }

    /// Looks at the catalog and makes the definition's plan anew.
    func lookUp(_ definition: ProcedureDefinition, completion: @escaping (DefinitionOutcome) -> Void) {
        if definition.waiting != nil {
            definition.waiting?.append(completion)
            return
        }
        definition.waiting = [completion]
        self.find(definition) { result in
            let outcome: DefinitionOutcome
            switch result {
            case .success(let plan):
                self.replace(definition, with: plan)
                outcome = .found
            case .failure(.fault(let fault)):
                self.replace(definition, with: nil)
                definition.state = .fault(fault)
                outcome = .fault(fault)
            case .failure(.unavailable(let reason)):
                outcome = .unavailable(reason)
            }
            self.report(outcome, of: definition)
            let waiting = definition.waiting ?? []
            definition.waiting = nil
            for completion in waiting { completion(outcome) }
            self.changed()
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
                    self.trustChanged?()
                    return completion(.failure(.unavailable("who registered the function has other rights now")))
                }
                options.guardCondition = stamp.map {
                    "\(SQLText.qualified(self.schema, "mapping_guard"))(\(SQLText.literal($0)))"
                }
                PlanSource.find(
                    definition.target, options: options, role: definition.role ?? definition.guest,
                    control: self.control, completion: completion)
            case .failure(let failure):
                completion(.failure(PlanSource.Failure(failure)))
            }
        }
    }

    /// Who registered a function may have changed it since: what runs must be what was found to be harmless, to the very version.
    private func askForStamp(
        _ registration: RegistrationRow.Key, completion: @escaping (Result<String?, QueryFailure>) -> Void
    ) {
        var values = Parameters()
        values.append(registration.kind.rawValue)
        values.append(registration.id)
        self.control.query(
            "select \(SQLText.qualified(self.schema, "mapping_stamp"))($1::pg_catalog.text, $2::pg_catalog.int8)",
            values
        ) { result in
            completion(result.map { rows in rows.values.first?.first ?? nil })
        }
    }

    private func replace(_ definition: ProcedureDefinition, with plan: ProcedurePlan?) {
        // A function that is the same as before keeps its plan, and with it what connections have prepared.
        if let plan, let function = plan.function, function == definition.plan?.function,
            plan.guardCondition == definition.plan?.guardCondition
        {
            return
        }
        definition.plan?.statements.forEach(definition.pool.retire)
        definition.plan = plan
        if plan != nil { definition.state = .plan }
    }

    /// A line in the log where something has changed, not for each look.
    private func report(_ outcome: DefinitionOutcome, of definition: ProcedureDefinition) {
        guard !definition.isForgotten else { return }
        let key = ObjectIdentifier(definition)
        switch outcome {
        case .found:
            guard self.reported.removeValue(forKey: key) != nil else { return }
            self.observer(.functionUsable(definition.use))
        case .fault(let fault):
            guard self.reported.updateValue(fault, forKey: key) != fault else { return }
            self.observer(.functionUnusable(definition.use, place: definition.place, reason: fault.description))
        case .unavailable:
            break
        }
    }
}
