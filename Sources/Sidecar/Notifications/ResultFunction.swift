import NIOCore
import Postgres
import SidecarConfiguration
import WAMP

/// The function that gets the result of a call that a notification caused. On the event loop.
final class ResultFunction {
    private static let timeout = TimeAmount.seconds(30)

    private let definition: ProcedureDefinition
    private let definitions: Definitions
    private let reference: String
    private let pool: Pool
    private let settings: CallSettings
    private let budget: RouterBudget
    private let lane: LaneID
    private let observer: (Observation) -> Void

    /// - Parameter definitions: looks the function up, at the start already: readiness waits for that.
    init(
        _ reference: String, channel: String, place: String, pool: Pool, definitions: Definitions,
        settings: CallSettings, budget: RouterBudget, observer: @escaping (Observation) -> Void
    ) {
        self.reference = reference
        self.pool = pool
        self.definitions = definitions
        self.definition = ProcedureDefinition(
            use: .result(channel: channel, function: reference), place: place, target: .function(reference),
            options: PlanOptions(), role: nil, pool: pool, registration: nil, guest: nil)
        definitions.add(self.definition, isAwaited: true)
        self.settings = settings
        self.budget = budget
        self.lane = pool.addLane(concurrency: nil)
        self.observer = observer
        budget.parties += 1
    }

    /// Runs the function with a result's arguments.
    func run(_ result: CallResult, procedure: URI, channel: String) {
        guard let share = self.budget.admit(result.payload, of: ObjectIdentifier(self)) else {
            return self.observer(
                .notificationResultFailed(
                    channel: channel, function: self.reference,
                    reason: "too much of what has come from the router waits for the database"))
        }
        let run = Run(
            payload: result.payload.compacted(always: self.budget.isCrowded), share: share, procedure: procedure,
            channel: channel, function: self)
        guard let plan = self.definition.plan else { return self.lookUp(for: run) }
        self.submit(run, plan)
    }

    private func lookUp(for run: Run) {
        self.definitions.lookUp(self.definition) { outcome in
            switch outcome {
            case .found:
                guard let plan = self.definition.plan else { return }
                self.submit(run, plan)
            case .fault(let fault): self.failed(run, fault.description)
            case .unavailable(let reason): self.failed(run, reason)
            }
        }
    }

    private func submit(_ run: Run, _ plan: ProcedurePlan) {
        do {
            let precautions = self.settings.precautions(
                for: plan, timeout: Self.timeout, role: nil, procedure: run.procedure.text, caller: .undisclosed)
            let bound = try plan.bind(
                run.payload, details: .empty, procedure: run.procedure.text, gate: precautions.gate)
            plan.takeRetired().forEach(self.pool.retire)
            self.pool.submit(
                Work(
                    lane: self.lane, command: .prepared(bound.statement, bound.parameters),
                    prelude: precautions.prelude,
                    isSet: plan.isSet, isRepeatable: !plan.isProcedure,
                    gate: precautions.gate.gate == nil ? .none : plan.gateSign,
                    mostOctets: ResultBound.unread.mostMessage,
                    needsCleanSession: precautions.needsCleanSession, settings: precautions.settings,
                    timeout: Self.timeout,
                    expires: .now() + Self.timeout, handler: run
                ))
        } catch {
            // What does not fit the function as it was may fit it as it is.
            guard !run.hasLookedAgain else { return self.failed(run, error.message) }
            run.hasLookedAgain = true
            self.lookUp(for: run)
        }
    }

    private func ended(_ run: Run, _ outcome: WorkOutcome) {
        switch outcome {
        case .committed:
            break
        case .failed(let error):
            if let plan = self.definition.plan, !run.hasLookedAgain, !plan.isProcedure,
                DefinitionChange.isPossible(error, in: plan)
            {
                run.hasLookedAgain = true
                return self.lookUp(for: run)
            }
            self.failed(run, error.description)
        case .canceled, .timedOut:
            self.failed(run, "it took longer than \(Self.timeout.nanoseconds / 1_000_000_000) s")
        case .refused:
            self.failed(run, "there was no connection to the database")
        case .unknown(let reason):
            self.failed(run, "the outcome is unknown: \(reason)")
        }
    }

    private func failed(_ run: Run, _ reason: String) {
        self.observer(.notificationResultFailed(channel: run.channel, function: self.reference, reason: reason))
    }

    /// One run of the function.
    private final class Run: WorkHandler {
        let payload: Payload
        /// Its place in the budget, as long as it is held anywhere.
        private let share: RouterBudget.Share
        let procedure: URI
        let channel: String
        var hasLookedAgain = false
        private let function: ResultFunction

        init(payload: Payload, share: RouterBudget.Share, procedure: URI, channel: String, function: ResultFunction) {
            self.payload = payload
            self.share = share
            self.procedure = procedure
            self.channel = channel
            self.function = function
        }

        func received(_ row: borrowing ResultRow, of work: Work) {}

        func restarted(_ work: Work) {}

        func ended(_ work: Work, outcome: WorkOutcome) {
            self.function.ended(self, outcome)
        }
    }
}
