import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration

/// One procedure of the mapping: its target, and the knowledge about it.
final class ProcedureRoute {
    let mapping: ProcedureMapping
    /// The procedure's URI, or the pattern of URIs.
    var uri: URI { self.mapping.uri }
    /// Its place in the file: `sidecar.yaml:12:3`.
    private(set) var place: String
    let timeout: TimeAmount
    let lane: LaneID
    /// The origin of its results and errors.
    let origin: Origin
    let pool: Pool
    /// Where its calls are counted.
    let slot: ProcedureSlot
    private var definitions: [String?: ProcedureDefinition] = [:]
    private let soleDefinition: ProcedureDefinition?

    /// - Parameters:
    ///   - pool: the pool that runs it: one of the guest's, if `guest` names one.
    ///   - registration: its row, if SQL registered it.
    init(
        mapping: ProcedureMapping, place: String, pool: Pool, slot: ProcedureSlot, registration: RegistrationKey?,
        guest: String? = nil
    ) {
        self.mapping = mapping
        self.slot = slot
        self.place = place
        self.timeout = TimeAmount(mapping.timeout)
        self.origin = Origin(.procedure, mapping.uri.text)
        self.pool = pool
        self.lane = pool.addLane(concurrency: mapping.concurrency)
        let definition = { (role: String?) in
            ProcedureDefinition(
                use: .procedure(mapping.uri.text), place: place, target: mapping.target.value,
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

    /// All definitions: one for each role that it can run as, because the meaning of a name and the right to call it
    /// depend on the role.
    var allDefinitions: [ProcedureDefinition] {
        self.soleDefinition.map { [$0] } ?? Array(self.definitions.values)
    }

    /// It is mapped at another place.
    func move(to place: String) {
        self.place = place
        for definition in self.allDefinitions { definition.place = place }
    }

    /// What runs, for people; a statement's text may be long, and is in the file.
    var target: String {
        switch self.mapping.target.value {
        case .function(let function): function.text
        case .sql: "a statement"
        }
    }

    /// Whether the router is asked to disclose callers: the mapping says so, or undisclosed calls are denied.
    var needsCaller: Bool {
        switch self.mapping.role {
        case .session, .fixed: self.mapping.disclosesCaller
        case .byAuthrole: true
        }
    }

    /// The target for a caller; nil if this caller may not call it.
    func definition(for caller: Caller) -> ProcedureDefinition? {
        switch self.mapping.role {
        case .session, .fixed:
            return self.soleDefinition
        case .byAuthrole(let roles):
            // By octets: two names that a dictionary considers equal may be two roles of the router.
            guard let authrole = caller.authrole.map({ String(buffer: $0) }),
                let role = roles.first(where: { ExactText.areSame($0.authrole, authrole) })?.role
            else { return nil }
            return self.definitions[role]
        }
    }
}
