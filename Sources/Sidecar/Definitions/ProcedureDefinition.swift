import Functions
import Names
import Postgres

/// What the database has for a procedure or a subscription, seen as one role.
final class ProcedureDefinition {
    enum State {
        case unknown
        /// It can be called, and how.
        case plan(ProcedurePlan)
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
    let target: ProcedureTarget
    let options: PlanOptions
    /// The role that it runs as; nil for the session's own.
    let role: String?
    /// Its row, if SQL registered it: whether it may be run depends on who did, and is asked anew at each look.
    let registration: RegistrationKey?
    /// The role that the sessions are of which run it, if a low role registered it; nil for the sidecar's own.
    let guest: String?
    /// What runs it.
    let pool: Pool
    var state = State.unknown
    /// What uses it was removed.
    var isForgotten = false
    /// How far its look-up has come.
    var look = Look.none
    /// Who waits for it.
    var waiting: [(DefinitionOutcome) -> Void] = []

    init(
        use: FunctionUse, place: String, target: ProcedureTarget, options: PlanOptions, role: String?,
        pool: Pool, registration: RegistrationKey?, guest: String?
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
    /// How it is called, if it can be.
    var plan: ProcedurePlan? {
        switch self.state {
        case .plan(let plan): plan
        case .unknown, .fault: nil
        }
    }

    /// As which role it runs.
    ///
    /// - Parameter own: the sidecar's role.
    func runningRole(own: String) -> RunningRole {
        RunningRole(role: self.role, guest: self.guest, own: own)
    }

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
