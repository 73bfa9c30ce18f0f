import SidecarConfiguration

/// What the configuration file maps: a source of mappings that changes when the file is read again. On the event loop.
final class FileMappings {
    private let mappings: Mappings
    private var procedures: [ProcedureMapping.Key: Mappings.ID] = [:]
    private var subscriptions: [SubscriptionMapping.Key: Mappings.ID] = [:]

    /// Adds all of it.
    init(_ configuration: Configuration, to mappings: Mappings) {
        self.mappings = mappings
        for procedure in configuration.procedures { self.add(procedure, of: configuration, isAwaited: true) }
        for subscription in configuration.subscriptions { self.add(subscription, of: configuration, isAwaited: true) }
    }

    /// The file was read again. What says the same as before stays as it is: not a call of it fails.
    func take(_ configuration: Configuration, _ change: ConfigurationChange) {
        for procedure in change.procedures.removed + change.procedures.changed { self.remove(procedure) }
        for subscription in change.subscriptions.removed + change.subscriptions.changed { self.remove(subscription) }
        for procedure in change.procedures.changed + change.procedures.added {
            self.add(procedure, of: configuration, isAwaited: false)
        }
        for subscription in change.subscriptions.changed + change.subscriptions.added {
            self.add(subscription, of: configuration, isAwaited: false)
        }
        for procedure in change.procedures.moved {
            guard let id = self.procedures[procedure.key] else { continue }
            self.mappings.move(id, to: configuration.place(procedure.location))
        }
        for subscription in change.subscriptions.moved {
            guard let id = self.subscriptions[subscription.key] else { continue }
            self.mappings.move(id, to: configuration.place(subscription.location))
        }
    }

    private func add(_ procedure: ProcedureMapping, of configuration: Configuration, isAwaited: Bool) {
        self.procedures[procedure.key] = self.mappings.add(
            Mapping(
                subject: .procedure(procedure), place: configuration.place(procedure.location), isAwaited: isAwaited),
            rank: .file)
    }

    private func add(_ subscription: SubscriptionMapping, of configuration: Configuration, isAwaited: Bool) {
        self.subscriptions[subscription.key] = self.mappings.add(
            Mapping(
                subject: .subscription(subscription), place: configuration.place(subscription.location),
                isAwaited: isAwaited),
            rank: .file)
    }

    private func remove(_ procedure: ProcedureMapping) {
        if let id = self.procedures.removeValue(forKey: procedure.key) { self.mappings.remove(id) }
    }

    private func remove(_ subscription: SubscriptionMapping) {
        if let id = self.subscriptions.removeValue(forKey: subscription.key) { self.mappings.remove(id) }
    }
}
