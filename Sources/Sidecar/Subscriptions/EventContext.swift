import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

/// The objects that the events of one subscription need. On the event loop.
final class EventContext {
    let route: SubscriptionRoute
    var pool: Pool { self.route.pool }
    let eventLoop: any EventLoop
    private let definitions: Definitions
    private let settings: CallSettings
    private let letters: EventLetters
    private let observer: (Observation) -> Void
    /// An event has ended, with success or not: its place is free.
    private let ended: (ReceivedEvent) -> Void
    /// Events wait, for this reason; nil when they wait no more.
    private let waiting: (String?) -> Void
    private var isWaiting = false
    /// Dead letters whose functions have run, and which are still in their table.
    private(set) var lettersThatRan = 0
    private let backoff = Backoff(base: .milliseconds(50), greatest: .seconds(5))
    private var preludes: (searchPath: String, guarded: Statement, plain: Statement)?

    init(
        route: SubscriptionRoute, eventLoop: any EventLoop, definitions: Definitions,
        settings: CallSettings, letters: EventLetters, observer: @escaping (Observation) -> Void,
        ended: @escaping (ReceivedEvent) -> Void, waiting: @escaping (String?) -> Void
    ) {
        self.route = route
        self.eventLoop = eventLoop
        self.definitions = definitions
        self.settings = settings
        self.letters = letters
        self.observer = observer
        self.ended = ended
        self.waiting = waiting
    }

    /// The role that runs the events.
    var role: RunningRole { self.route.definition.runningRole(own: self.settings.ownRole) }
    /// The function's plan, if it is known and can be called.
    var plan: ProcedurePlan? { self.route.definition.plan }
    /// The plan of the last sent events. It may be outdated when they are answered.
    private(set) var lastPlan: ProcedurePlan?

    /// Sets the session's number, ahead of the first event. No row means that the guard would not work in this session.
    static let setNumber = Statement(
        """
        select pg_catalog.set_config('wamp.seq', $1, false) \
        where pg_catalog.current_setting('\(CallSettings.guardSetting)', true) is null
        """)

    // MARK: - Work

    /// The statement and the values for an event; throws if they don't fit the function.
    func bind(_ event: ReceivedEvent) throws(BindingError) -> Work.Command {
        guard let plan = self.plan else { throw BindingError("the function is not known") }
        self.lastPlan = plan
        defer { self.pool.retire(plan.takeRetired()) }
        let bound = try plan.bind(event.payload, details: event.details, procedure: nil)
        return .prepared(bound.statement, bound.parameters)
    }

    /// The statement ahead of an event, in its transaction.
    ///
    /// - Parameter numbers: the predecessor's and its own, if the order counts.
    func prelude(_ numbers: (predecessor: Int64, own: Int64)?) -> (Statement, Parameters) {
        let preludes = self.currentPreludes()
        guard let numbers else { return (preludes.plain, Parameters()) }
        var values = Parameters(bytes: 40, count: 2)
        values.append { JSON.write(integer: numbers.predecessor, into: &$0) }
        values.append { JSON.write(integer: numbers.own, into: &$0) }
        return (preludes.guarded, values)
    }

    private func currentPreludes() -> (searchPath: String, guarded: Statement, plain: Statement) {
        let searchPath = self.settings.searchPath
        if let preludes, preludes.searchPath == searchPath { return preludes }
        self.retirePreludes()
        let made = self.settings.eventPreludes(
            timeout: self.route.timeout, role: self.route.mapping.role,
            isGuests: self.route.definition.guest != nil)
        let preludes = (searchPath, made.guarded, made.plain)
        self.preludes = preludes
        return preludes
    }

    /// The subscription was removed.
    func retire() {
        self.retirePreludes()
        self.pool.retire(self.plan?.statements ?? [])
        self.definitions.forget(self.route.definition)
    }

    private func retirePreludes() {
        guard let preludes = self.preludes else { return }
        self.pool.retire([preludes.guarded, preludes.plain])
    }

    func lookUp(completion: @escaping (DefinitionOutcome) -> Void) {
        self.definitions.lookUp(self.route.definition, completion: completion)
    }

    /// Calls back after a delay for this many failures.
    func wait(failures: Int, _ body: @escaping () -> Void) {
        let delay = self.backoff.delay(failures: failures, random: Double.random(in: 0...1))
        self.eventLoop.assumeIsolated().scheduleTask(in: max(delay, .milliseconds(5)), body)
    }

    // MARK: - Ends

    /// Another sidecar has it: a dead letter remains, and that sidecar tries it again.
    func dropped(_ event: ReceivedEvent) {
        self.route.slot.eventLost(.leftToLeader)
        self.ended(event)
    }

    func done(_ event: ReceivedEvent) {
        self.flows()
        guard let letter = event.letter else { return self.hasRun(event) }
        self.lettersThatRan += 1
        self.letters.ran(letter, event, of: self.route) {
            self.lettersThatRan -= 1
            self.hasRun(event)
        }
    }

    private func hasRun(_ event: ReceivedEvent) {
        self.route.slot.eventDone(after: .now() - event.arrived)
        self.ended(event)
    }

    /// - Parameter completion: called when its dead letter is written, or can't be.
    func bury(
        _ event: ReceivedEvent, _ failure: EventFailure?, attempts: Int, completion: @escaping () -> Void
    ) {
        let failure = failure ?? EventFailure(error: "08006", message: "the connection was lost")
        self.letters.bury(event, of: self.route, failure, attempts: attempts) { loss in
            if let loss {
                self.route.slot.eventLost(loss)
            } else {
                self.route.slot.eventDied(isNew: event.letter == nil)
            }
            self.ended(event)
            completion()
        }
    }

    /// No event of the subscription can run now, and no event is to blame.
    func hold(_ failure: EventFailure) {
        self.isWaiting = true
        self.waiting(failure.message)
        self.observer(
            .eventsWait(
                topic: self.route.topic.text, function: self.route.mapping.function.value.text, error: failure.error,
                reason: failure.message))
    }

    /// Its events run.
    func flows() {
        guard self.isWaiting else { return }
        self.isWaiting = false
        self.waiting(nil)
    }

    /// The connection was lost while an event ran, and the event runs again.
    func mayRunTwice() {
        self.observer(
            .eventMayRunTwice(topic: self.route.topic.text, function: self.route.mapping.function.value.text))
    }

    func retrying(_ failure: EventFailure?) {
        self.observer(
            .eventRetried(
                topic: self.route.topic.text, function: self.route.mapping.function.value.text,
                reason: failure?.message ?? "the connection was lost"))
    }
}
