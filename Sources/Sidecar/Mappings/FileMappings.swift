import SidecarConfiguration

/// The mappings of the configuration file: a source that does not change.
enum FileMappings {
    /// Adds all of them.
    static func add(_ configuration: Configuration, to mappings: Mappings) {
        for procedure in configuration.procedures {
            mappings.add(
                Mapping(subject: .procedure(procedure), place: configuration.place(procedure.location)), rank: .file)
        }
        for subscription in configuration.subscriptions {
            mappings.add(
                Mapping(subject: .subscription(subscription), place: configuration.place(subscription.location)),
                rank: .file)
        }
    }
}
