import Names
import SidecarConfiguration

/// A procedure or a subscription that a source maps.
struct Mapping {
    /// The mapping itself. Indirect, because there may be ten thousand, most of which are kept by their routes.
    indirect enum Subject {
        case procedure(ProcedureMapping)
        case subscription(SubscriptionMapping)
    }

    /// The thing that can be mapped only once at a time.
    enum Thing: Hashable {
        case procedure(URI, MatchPolicy)
        /// Two functions may run for the events of one topic, but not the same function twice.
        case subscription(URI, MatchPolicy, FunctionReference)
    }

    let subject: Subject
    /// Its place, for messages: `sidecar.yaml:12:3`.
    let place: String
    /// Its row, if SQL registered it.
    var registration: RegistrationKey?
    /// The role that runs it, if that is not this sidecar's own role.
    var runner: Guests.Runner?
    /// Whether the sidecar is ready only when the router holds it and the function is known.
    var isAwaited = true

    var thing: Thing {
        switch self.subject {
        case .procedure(let mapping): .procedure(mapping.uri, mapping.match)
        case .subscription(let mapping): .subscription(mapping.topic, mapping.match, mapping.function.value)
        }
    }
}
