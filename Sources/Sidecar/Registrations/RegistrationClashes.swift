import SidecarConfiguration

/// What the file maps already: it counts, and a row that says the same waits until it is not there any more.
struct RegistrationClashes {
    private struct Procedure: Hashable {
        let uri: String
        let match: String
    }

    private struct Subscription: Hashable {
        let topic: String
        let match: String
        let function: String
    }

    private var procedures: [Procedure: String] = [:]
    private var subscriptions: [Subscription: String] = [:]

    init(_ configuration: Configuration) {
        for mapping in configuration.procedures {
            self.procedures[Procedure(uri: mapping.uri, match: mapping.match.rawValue)] =
                configuration.place(mapping.location)
        }
        for mapping in configuration.subscriptions {
            let key = Subscription(
                topic: mapping.topic, match: mapping.match.rawValue, function: mapping.function.value)
            self.subscriptions[key] = configuration.place(mapping.location)
        }
    }

    /// Why the row can't be used; nil if the file has no such procedure.
    func clash(of mapping: ProcedureMapping, _ row: RegistrationRow) -> String? {
        self.procedures[Procedure(uri: mapping.uri, match: mapping.match.rawValue)].map { place in
            "\(row.place): procedure '\(mapping.uri)' is mapped at \(place) already; remove it there or unregister it"
        }
    }

    /// Two functions may run for the events of one topic, but not the same function twice.
    func clash(of mapping: SubscriptionMapping, _ row: RegistrationRow) -> String? {
        let key = Subscription(topic: mapping.topic, match: mapping.match.rawValue, function: mapping.function.value)
        return self.subscriptions[key].map { place in
            "\(row.place): subscription '\(mapping.topic)' of \(mapping.function.value) is mapped at \(place) already; "
                + "remove it there or unsubscribe it"
        }
    }
}
