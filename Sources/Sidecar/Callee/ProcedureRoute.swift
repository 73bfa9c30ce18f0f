import NIOCore
import Postgres
import SidecarConfiguration
import WAMP

/// One procedure of the mapping: what runs when it is called, and what is known of it.
final class ProcedureRoute {
    let mapping: ProcedureMapping
    /// The procedure's URI, or the pattern of URIs.
    let uri: URI
    /// Where in the file it is: `sidecar.yaml:12:3`.
    let place: String
    let timeout: TimeAmount
    let lane: LaneID
    /// Where its results and errors come from.
    let origin: Origin
    let pool: Pool
    private var definitions: [String?: ProcedureDefinition] = [:]
    private let soleDefinition: ProcedureDefinition?

    /// - Parameters:
    ///   - pool: what runs it: a pool of the guest's, where `guest` names one.
    ///   - registration: its row, if SQL registered it.
    init(
        mapping: ProcedureMapping, uri: URI, place: String, pool: Pool, registration: RegistrationRow.Key?,
        guest: String? = nil
    ) {
        self.mapping = mapping
        self.uri = uri
        self.place = place
        self.timeout = TimeAmount(mapping.timeout)
        self.origin = Origin(.procedure, uri.text)
        self.pool = pool
        self.lane = pool.addLane(concurrency: mapping.concurrency)
        let definition = { (role: String?) in
            ProcedureDefinition(
                use: .procedure(uri.text), place: place, target: mapping.target.value,
                options: PlanOptions(mapping, isFromSQL: registration != nil), role: role, pool: pool,
                registration: registration, guest: guest)
        }
        switch mapping.role {
        case .session:
            self.soleDefinition = definition(nil)
        case .fixed(let role):
            self.soleDefinition = definition(role)
        case .byAuthrole(let roles):
            self.soleDefinition = nil
            for role in Set(roles.map(\.role)) { self.definitions[role] = definition(role) }
        }
    }

    /// The last call of it has ended.
    deinit {
        self.pool.removeLane(self.lane)
    }

    /// All definitions: one for each role that it can run as, because what a name means and who may call it depends on the role.
    var allDefinitions: [ProcedureDefinition] {
        self.soleDefinition.map { [$0] } ?? Array(self.definitions.values)
    }

    /// Whether the router is asked who calls: the mapping says so, or calls are denied without.
    var needsCaller: Bool {
        switch self.mapping.role {
        case .session, .fixed: self.mapping.disclosesCaller
        case .byAuthrole: true
        }
    }

    /// What runs for a caller; nil if this caller may not call it.
    func definition(for caller: Caller) -> ProcedureDefinition? {
        switch self.mapping.role {
        case .session, .fixed:
            return self.soleDefinition
        case .byAuthrole(let roles):
            // By octets: what a dictionary takes for the same may be another role to the router.
            guard let authrole = caller.authrole.map({ String(buffer: $0) }),
                let role = roles.first(where: { ExactText.areSame($0.authrole, authrole) })?.role
            else { return nil }
            return self.definitions[role]
        }
    }
}

/// What a function is for.
enum FunctionUse: Equatable {
    case procedure(String)
    /// A topic.
    case subscription(String, function: String)
    /// The results of the calls that a channel's notifications cause.
    case result(channel: String, function: String)
}

/// What the database has for a procedure or a subscription, seen as one role.
final class ProcedureDefinition {
    enum State {
        case unknown
        /// It can be called.
        case plan
        /// It can't be called, and why.
        case fault(DefinitionFault)
    }

    /// How far a look-up has come.
    enum Look {
        case none
        /// It has time.
        case queued
        /// Somebody waits for it.
        case wanted
        case underWay
    }

    /// What it is for.
    let use: FunctionUse
    /// Where it is mapped: `sidecar.yaml:12:3`.
    let place: String
    let target: ProcedureMapping.Target
    let options: PlanOptions
    /// The role that it runs as; nil for the session's own.
    let role: String?
    /// Its row, if SQL registered it: whether it may be run depends on who did, and is asked anew at each look.
    let registration: RegistrationRow.Key?
    /// The role that the sessions are of which run it, if a low role registered it; nil for the sidecar's own.
    let guest: String?
    /// What runs it.
    let pool: Pool
    var state = State.unknown
    /// What uses it was removed.
    var isForgotten = false
    /// How it is called, while ``state`` is ``State/plan``.
    var plan: ProcedurePlan?
    /// How far its look-up has come.
    var look = Look.none
    /// Who waits for it.
    var waiting: [(DefinitionOutcome) -> Void] = []

    init(
        use: FunctionUse, place: String, target: ProcedureMapping.Target, options: PlanOptions, role: String?,
        pool: Pool, registration: RegistrationRow.Key?, guest: String?
    ) {
        self.use = use
        self.place = place
        self.target = target
        self.options = options
        self.role = role
        self.pool = pool
        self.registration = registration
        self.guest = guest
    }
}

extension ProcedureDefinition {
    /// The mapping, for messages.
    var name: String {
        let mapping =
            switch self.use {
            case .procedure(let uri): "procedure '\(uri)'"
            case .subscription(let topic, _): "subscription '\(topic)'"
            case .result(let channel, _): "channel '\(channel)'"
            }
        return mapping + (self.role.map { " as role \($0)" } ?? "")
    }
}

/// Why a procedure can't be called, whoever calls.
struct DefinitionFault: Error, Equatable, CustomStringConvertible {
    /// By this it becomes a WAMP error, as if the database had reported it.
    let sqlstate: String
    /// What is wrong, for callers.
    let finding: String
    /// The same, and what to do about it.
    let description: String

    init(sqlstate: String, description: String, finding: String? = nil) {
        self.sqlstate = sqlstate
        self.finding = finding ?? description
        self.description = description
    }
}

/// What a look-up came to.
enum DefinitionOutcome {
    case found
    case fault(DefinitionFault)
    /// The database could not be asked.
    case unavailable(String)
}
