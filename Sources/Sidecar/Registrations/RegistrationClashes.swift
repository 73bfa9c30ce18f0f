import Names
import SidecarConfiguration

/// What the file maps already: it counts, and a row that says the same waits until it is not there any more.
struct RegistrationClashes {
    private struct Procedure: Hashable {
        let uri: URI
        let match: MatchPolicy

        init(_ mapping: ProcedureMapping) {
            self.uri = mapping.uri
            self.match = mapping.match
        }
    }

    private struct Subscription: Hashable {
        let topic: URI
        let match: MatchPolicy
        let function: FunctionReference

        init(_ mapping: SubscriptionMapping) {
            self.topic = mapping.topic
            self.match = mapping.match
            self.function = mapping.function.value
        }
    }

    private var procedures: [Procedure: String] = [:]
    private var subscriptions: [Subscription: String] = [:]

    init(_ configuration: Configuration) {
        for mapping in configuration.procedures {
            self.procedures[Procedure(mapping)] = configuration.place(mapping.location)
        }
        for mapping in configuration.subscriptions {
            self.subscriptions[Subscription(mapping)] = configuration.place(mapping.location)
        }
    }

    /// Why the row can't be used; nil if the file has no such procedure.
    func clash(of mapping: ProcedureMapping, _ row: RegistrationRow) -> String? {
        self.procedures[Procedure(mapping)].map { place in
            "\(row.place): procedure '\(mapping.uri)' is mapped at \(place) already; remove it there or unregister it"
        }
    }

    /// Two functions may run for the events of one topic, but not the same function twice.
    func clash(of mapping: SubscriptionMapping, _ row: RegistrationRow) -> String? {
        self.subscriptions[Subscription(mapping)].map { place in
            "\(row.place): subscription '\(mapping.topic)' of \(mapping.function.value) is mapped at \(place) already; "
                + "remove it there or unsubscribe it"
        }
    }
}
