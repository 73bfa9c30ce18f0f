import Functions
import NIOCore
import Names
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

    /// - Parameters:
    ///   - definitions: looks the function up, before the first result already.
    ///   - isAwaited: whether readiness waits for that.
    init(
        _ reference: FunctionReference, channel: String, place: String, pool: Pool, definitions: Definitions,
        isAwaited: Bool, settings: CallSettings, budget: RouterBudget, observer: @escaping (Observation) -> Void
    ) {
        self.reference = reference.text
        self.pool = pool
        self.definitions = definitions
        self.definition = ProcedureDefinition(
            use: .result(channel: channel, function: reference.text), place: place, target: .function(reference),
            options: PlanOptions(), role: nil, pool: pool, registration: nil, guest: nil)
        definitions.add(self.definition, isAwaited: isAwaited)
        self.settings = settings
        self.budget = budget
        self.lane = pool.addLane(concurrency: nil)
        self.observer = observer
        budget.parties += 1
    }

    /// The last result has been taken.
    deinit {
        self.pool.removeLane(self.lane)
    }

    /// It is mapped at another place.
    func move(to place: String) {
        self.definition.place = place
    }

    /// Nothing is called any more that gives it a result. Those that are under way are still taken.
    func end() {
        self.definitions.forget(self.definition)
        self.pool.retire(self.definition.plan?.statements ?? [])
        self.budget.parties -= 1
    }

    /// Runs the function with a result's arguments.
    func run(_ result: CallResult, procedure: URI, channel: String) {
        guard let share = self.budget.admit(result.payload, of: FairShares.Party(self)) else {
            return self.observer(
                .notificationResultFailed(
                    channel: channel, function: self.reference,
                    reason: "too many messages of the router wait for the database"))
        }
        var payload = result.payload
        payload.compact(always: self.budget.isCrowded)
        let run = Run(payload: payload, share: share, procedure: procedure, channel: channel, function: self)
        switch self.definition.state {
        case .plan(let plan): self.submit(run, plan)
        case .unknown, .fault: self.lookUp(for: run)
        }
    }

    private func lookUp(for run: Run) {
        self.definitions.lookUp(self.definition) { outcome in
            guard run.machine.lookedUp(isFound: outcome.isFound) else { return }
            switch outcome {
            case .found(let plan): self.submit(run, plan)
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
            self.pool.retire(plan.takeRetired())
            let work = Work(
                lane: self.lane, command: .prepared(bound.statement, bound.parameters),
                prelude: precautions.prelude,
                isSet: plan.isSet, isRepeatable: !plan.isProcedure,
                gate: precautions.gate.gate == nil ? .none : plan.gateSign,
                mostOctets: ResultBound.unread.mostMessage,
                needsCleanSession: precautions.needsCleanSession, settings: precautions.settings,
                timeout: Self.timeout,
                expires: .now() + Self.timeout, handler: run)
            run.machine.sent()
            self.pool.submit(work)
        } catch {
            switch run.machine.doesNotFit(isOfCatalog: plan.dependsOnCatalog) {
            case .lookUp: self.lookUp(for: run)
            case .fail: self.failed(run, error.message)
            }
        }
    }

    private func ended(_ run: Run, _ outcome: WorkOutcome) {
        if case .failed(let error) = outcome { return self.failed(run, error) }
        run.machine.ended()
        switch outcome {
        case .committed, .failed:
            break
        case .canceled, .timedOut:
            self.failed(run, "it took longer than \(Self.timeout.nanoseconds / 1_000_000_000) s")
        case .refused:
            self.failed(run, "there was no connection to the database")
        case .unknown(let reason):
            self.failed(run, "the outcome is unknown: \(reason)")
        }
    }

    private func failed(_ run: Run, _ error: DatabaseError) {
        guard let plan = self.definition.plan else {
            run.machine.ended()
            return self.failed(run, error.description)
        }
        let verdict = Verdict(error, in: plan)
        switch run.machine.failed(verdict, isRepeatable: verdict.allowsRepetition(of: plan)) {
        case .run: self.submit(run, plan)
        case .lookUp: self.lookUp(for: run)
        case .fail, .failAndLookUp: self.failed(run, error.description)
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
        var machine = RunStateMachine(.result)
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
