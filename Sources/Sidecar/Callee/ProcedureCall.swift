import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

/// One INVOCATION, from its arrival to its YIELD or ERROR. On the event loop.
///
/// It is answered exactly once, whatever happens in between. The driver of ``RunStateMachine``.
final class ProcedureCall: WorkHandler {
    let invocation: Invocation
    let route: ProcedureRoute
    let definition: ProcedureDefinition
    let facts: InvocationFacts
    /// The deadline for the server: the mapping's, or the call's own if that is shorter.
    let timeout: TimeAmount
    let arrived: NIODeadline

    /// Its place in the budget, as long as it is held anywhere.
    private let share: RouterBudget.Share
    private let session: Session
    private unowned let callee: Callee
    private var machine: RunStateMachine
    /// What has been submitted and has not ended.
    private var work: Work?
    private var result: ResultAssembler?
    /// Set instead of ``result`` if the rows of a set go to the caller as they come.
    private var progress: ProgressiveResult?
    /// The rows that the database has returned.
    private(set) var rows = 0
    /// The error that it was answered with.
    private(set) var failure: CallFailure?

    init(
        _ invocation: Invocation, share: RouterBudget.Share, facts: InvocationFacts, route: ProcedureRoute,
        definition: ProcedureDefinition, timeout: TimeAmount, session: Session, callee: Callee, at now: NIODeadline
    ) {
        self.invocation = invocation
        self.share = share
        self.route = route
        self.definition = definition
        self.facts = facts
        self.timeout = timeout
        self.arrived = now
        self.session = session
        self.callee = callee
        self.machine = RunStateMachine(.call(retries: route.mapping.retries))
    }

    /// Runs the function if it is known, otherwise looks it up first.
    func start() {
        switch self.definition.state {
        case .plan(let plan): self.submit(plan)
        case .unknown, .fault: self.lookUp()
        }
    }

    /// The caller no longer wants the result.
    func interrupt() {
        self.progress?.cancel()
        switch self.machine.interrupt() {
        case .fail: self.fail(Self.canceled)
        case .end: if let work = self.work { self.route.pool.interrupt(work) }
        case .nothing: break
        }
    }

    /// The session is over: there is nobody to answer. Work that has been sent runs to its end, other work is not sent.
    /// A set whose rows go to the caller as they come is ended: it may be endless.
    func sessionEnded() {
        switch self.machine.abandon() {
        case .withdraw:
            guard let work = self.work else { break }
            guard let progress = self.progress else { return self.route.pool.withdraw(work) }
            progress.cancel()
            self.route.pool.interrupt(work)
        case .nothing: break
        }
    }

    // MARK: - Running

    private func lookUp() {
        self.callee.definitions.lookUp(self.definition) { self.lookedUp($0) }
    }

    private func lookedUp(_ outcome: DefinitionOutcome) {
        guard self.machine.lookedUp(isFound: outcome.isFound) else { return }
        switch outcome {
        case .found(let plan): self.submit(plan)
        case .fault(let fault):
            self.fail(CallFailure(sqlstate: fault.sqlstate, finding: fault.finding, disclosure: self.disclosure))
        // The reason is only logged: it may name hosts and roles.
        case .unavailable:
            self.fail(CallFailure(WAMPError.unavailable, "the database can't be queried for the function"))
        }
    }

    private func submit(_ plan: ProcedurePlan) {
        do throws(CallFailure) {
            let precautions = self.callee.precautions(of: self, plan)
            let bound = try self.bind(plan, precautions.gate)
            let isStream = plan.isSet && self.takesProgress
            let work = Work(
                lane: self.route.lane,
                command: .prepared(bound.statement, bound.parameters),
                prelude: precautions.prelude,
                isSet: plan.isSet,
                isStream: isStream,
                isRepeatable: !plan.isProcedure,
                isDisposable: plan.isUntrusted,
                gate: precautions.gate.gate == nil ? .none : plan.gateSign,
                mostOctets: ResultBound(mostOctets: self.route.mapping.maxResultBytes).mostMessage,
                needsCleanSession: precautions.needsCleanSession || self.machine.needsCleanSession,
                settings: precautions.settings,
                timeout: self.timeout,
                expires: .now() + min(self.timeout, self.callee.queueTimeout),
                handler: self)
            if isStream {
                self.progress = self.progressiveResult(of: work)
            } else {
                self.result = ResultAssembler(
                    plan: plan, mostOctets: self.route.mapping.maxResultBytes, mostRows: self.route.mapping.maxRows)
            }
            self.rows = 0
            self.machine.sent()
            self.work = work
            self.route.pool.submit(work)
        } catch {
            switch self.machine.doesNotFit(isOfCatalog: plan.dependsOnCatalog) {
            case .lookUp: self.lookUp()
            case .fail: self.fail(error)
            }
        }
    }

    /// Whether the caller asks for a result in parts, and the router announces that feature.
    private var takesProgress: Bool {
        self.facts.receivesProgress && self.session.routerAnnounces("progressive_call_results", role: .dealer)
    }

    private func progressiveResult(of work: Work) -> ProgressiveResult {
        let pool = self.route.pool
        self.progress?.cancel()
        return ProgressiveResult(
            self.invocation.request, session: self.session,
            machine: ChunkStateMachine(
                mostOctets: self.route.mapping.maxResultBytes, mostRows: self.route.mapping.maxRows,
                greatestMessage: self.session.greatestMessage),
            timeout: self.timeout, eventLoop: self.callee.eventLoop,
            passedOn: {
                work.isPassedOn = true
                self.callee.passage.sentPart(of: self.route.origin)
            },
            endStatement: { pool.interrupt(work) })
    }

    private func bind(_ plan: ProcedurePlan, _ gate: CallGate) throws(CallFailure) -> (
        statement: Statement, parameters: Parameters
    ) {
        defer { self.route.pool.retire(plan.takeRetired()) }
        do {
            return try plan.bind(
                self.invocation.payload, details: self.invocation.details,
                procedure: self.facts.caller.procedure == nil ? self.route.uri.text : nil,
                gate: gate)
        } catch {
            throw CallFailure(error, disclosure: self.disclosure)
        }
    }

    /// How much of an error the caller learns.
    private var disclosure: CallFailure.Disclosure {
        switch self.route.mapping.errors {
        case .full: .full
        case .terse: .terse
        }
    }

    // MARK: - The result

    func received(_ row: borrowing ResultRow, of work: Work) {
        self.route.slot.rows += 1
        self.rows += 1
        if let progress = self.progress { return progress.take(row, of: work) }
        guard self.result?.take(row) == false else { return }
        // The other rows are useless, and a set may be endless.
        if work.isSet { self.route.pool.interrupt(work) }
    }

    func restarted(_ work: Work) {
        self.rows = 0
        self.result?.reset()
        self.progress?.reset()
    }

    func ended(_ work: Work, outcome: WorkOutcome) {
        self.work = nil
        if case .failed(let error) = outcome { return self.failed(error) }
        self.machine.ended()
        if case .committed = outcome { return self.succeed() }
        // First of all: rows that wait for their turn are void.
        self.progress?.cancel()
        switch outcome {
        case .committed, .failed:
            break
        case .canceled:
            if let end = self.progress?.end { return self.fail(self.failure(end)) }
            if let fault = self.result?.fault { self.fail(Self.failure(fault)) } else { self.fail(Self.canceled) }
        case .timedOut:
            self.fail(self.timedOut)
        case .refused(let refusal):
            if case .noCleanSession = refusal { self.callee.tellOfSettings(self) }
            self.fail(self.failure(refusal))
        case .unknown:
            self.fail(
                CallFailure(WAMPError.unavailable, "the connection to the database was lost; the outcome is unknown"))
        }
    }

    private func succeed() {
        if let progress = self.progress {
            guard progress.finish() else { return self.fail(self.failure(progress.end ?? .canceled)) }
            return self.end(.ok)
        }
        if let fault = self.result?.fault { return self.fail(Self.failure(fault)) }
        do {
            guard let payload = try self.result?.finish() else { return self.fail(Self.canceled) }
            if self.callee.passage.admits(self.route.origin) { return self.yield(payload) }
            self.wait(octets: payload.byteCount) { self.yield(payload) }
        } catch {
            self.fail(CallFailure(error))
        }
    }

    private func yield(_ payload: Payload) {
        switch self.session.yield(self.invocation.request, payload: payload) {
        case .sent:
            self.end(.ok)
        case .sessionClosed:
            self.end(.canceled)
        case .tooLarge(let size, let limit):
            self.fail(
                CallFailure(
                    WAMPError.payloadSizeExceeded,
                    "the function has run, but its result has \(size) octets, and the router accepts \(limit)"))
        }
    }

    /// Sends at the procedure's turn: the router may have ended a session because of one of its answers.
    private func wait(octets: Int, _ send: @escaping () -> Void) {
        do throws(Passage.Refusal) {
            try self.callee.passage.wait(self.route.origin, octets: octets, send)
        } catch {
            self.send(CallFailure(WAMPError.unavailable, "the function has run, but \(error)"))
        }
    }

    private func failed(_ error: DatabaseError) {
        // First of all: rows that wait for their turn are void.
        self.progress?.cancel()
        if error == .tooLargeAnswer {
            self.machine.ended()
            return self.fail(CallFailure(WAMPError.payloadSizeExceeded, error.message))
        }
        guard let plan = self.definition.plan else {
            self.machine.ended()
            return self.fail(CallFailure(error, disclosure: self.disclosure))
        }
        let verdict = Verdict(error, in: plan)
        // Rows that the caller has can't be recalled.
        let isRepeatable = verdict.allowsRepetition(of: plan) && self.progress?.hasSent != true
        switch self.machine.failed(verdict, isRepeatable: isRepeatable) {
        case .run:
            self.route.slot.retries += 1
            return self.submit(plan)
        case .lookUp:
            self.route.slot.retries += 1
            return self.lookUp()
        case .failAndLookUp: self.callee.definitions.lookUp(self.definition) { _ in }
        case .fail: break
        }
        let role = self.callee.role(of: self)
        self.callee.tellAdministrator(error, of: self, role: role)
        self.fail(CallFailure(error, disclosure: self.disclosure, plan: plan, role: role.name))
    }

    private func fail(_ failure: CallFailure) {
        if self.callee.passage.admits(self.route.origin) { return self.send(failure) }
        self.wait(octets: failure.payload.byteCount) { self.send(failure) }
    }

    private func send(_ failure: CallFailure) {
        self.failure = failure
        var kind = CallResultKind(error: failure.uri)
        switch self.session.fail(self.invocation.request, uri: failure.uri, payload: failure.payload) {
        case .sent:
            break
        case .sessionClosed:
            kind = .canceled
        case .tooLarge(let size, let limit):
            let short = CallFailure(
                WAMPError.payloadSizeExceeded,
                "the error \(failure.uri) has \(size) octets, and the router accepts \(limit)")
            _ = self.session.fail(self.invocation.request, uri: short.uri, payload: short.payload)
            self.failure = short
            kind = .tooLarge
        }
        self.end(kind)
    }

    private func end(_ kind: CallResultKind) {
        self.result = nil
        self.progress?.cancel()
        self.progress = nil
        self.callee.answered(self, kind)
    }

    // MARK: - Texts

    private static let canceled = CallFailure(WAMPError.canceled, "the call was canceled")

    private var timedOut: CallFailure {
        CallFailure(WAMPError.timeout, "the call took longer than \(self.timeout.nanoseconds / 1_000_000) ms")
    }

    private func failure(_ refusal: Refusal) -> CallFailure {
        switch refusal {
        case .queueIsFull:
            CallFailure(WAMPError.unavailable, "too many calls are waiting for the database")
        case .waitedTooLong(let isDatabaseAvailable):
            if .now() >= self.arrived + self.timeout {
                self.timedOut
            } else if isDatabaseAvailable {
                CallFailure(WAMPError.unavailable, "the call waited too long for a free connection to the database")
            } else {
                CallFailure(WAMPError.unavailable, "the database is not available")
            }
        case .noCleanSession:
            CallFailure(WAMPError.unavailable, "no session of the database is clean; call again")
        case .stopping:
            CallFailure(WAMPError.unavailable, "the sidecar is stopping")
        }
    }

    private func failure(_ end: ProgressiveResult.End) -> CallFailure {
        switch end {
        case .canceled: Self.canceled
        case .timedOut: self.timedOut
        case .fault(.tooLarge(let limit)):
            CallFailure(
                WAMPError.payloadSizeExceeded,
                "a row of the result has more than \(limit) octets, the mapping's max_result_bytes")
        case .fault(.tooManyRows(let limit)): Self.failure(.tooManyRows(limit: limit))
        case .tooLargeForRouter(let size, let limit):
            CallFailure(
                WAMPError.payloadSizeExceeded,
                "a row of the result makes a message of \(size) octets, and the router accepts \(limit)")
        case .unreadable(let fault):
            CallFailure(WAMPError.runtimeError, "a row of the result can't be sent: \(fault)")
        }
    }

    private static func failure(_ fault: ResultAssembler.Fault) -> CallFailure {
        switch fault {
        case .tooLarge(let limit):
            CallFailure(
                WAMPError.payloadSizeExceeded,
                "the result has more than \(min(limit, ResultBound.greatest)) octets"
                    + (limit > ResultBound.greatest ? ", which no router accepts" : ", the mapping's max_result_bytes"))
        case .tooManyRows(let limit):
            CallFailure(WAMPError.payloadSizeExceeded, "the result has more than \(limit) rows, the mapping's max_rows")
        }
    }
}
