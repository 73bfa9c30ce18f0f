import Functions
import Names
import Postgres

/// The catalog's description of a procedure's or subscription's function, seen as one role.
final class ProcedureDefinition {
    enum State {
        case unknown
        /// It can be called, by this plan.
        case plan(ProcedurePlan)
        /// It can't be called, for this reason.
        case fault(DefinitionFault)
    }

    /// The progress of a look-up.
    enum Look {
        case none
        /// It has time.
        case queued
        /// Somebody waits for it.
        case wanted
        case underWay
    }

    /// Its use.
    let use: FunctionUse
    /// The place of its mapping: `sidecar.yaml:12:3`.
    var place: String
    let target: ProcedureTarget
    let options: PlanOptions
    /// The role that it runs as; nil for the session's own.
    let role: String?
    /// Its row, if SQL registered it: whether it may run depends on that role, and is checked again at each look-up.
    let registration: RegistrationKey?
    /// The role of the sessions that run it, if a low role registered it; nil for the sidecar's own.
    let guest: String?
    /// The target.
    let pool: Pool
    var state = State.unknown
    /// What its calls have failed with, as long as it is the same function.
    var failures = LastingFailures()
    /// Its user was removed.
    var isForgotten = false
    /// The progress of its look-up.
    var look = Look.none
    /// The waiting parties.
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
    /// Its plan, if it can be called.
    var plan: ProcedurePlan? {
        switch self.state {
        case .plan(let plan): plan
        case .unknown, .fault: nil
        }
    }

    /// Why it can't be called, and what to do about it.
    var fault: String? {
        switch self.state {
        case .fault(let fault): fault.description
        case .unknown, .plan: nil
        }
    }

    /// The role that runs it, if that is not the sidecar's own.
    var namedRole: String? { self.role ?? self.guest }

    /// The role that runs it.
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
