/// The options of PUBLISH: who gets the event, and whether it is acknowledged.
///
/// They are made (and checked) once and used for many events, so they are held as the JSON text that is sent.
package struct PublishOptions: Sendable, Hashable {
    /// What was given.
    package let values: [String: Value]
    /// True if the broker is to answer. Without, an event that is lost or refused is lost silently.
    package let acknowledge: Bool
    /// What the router has to have for these to work.
    package let needs: RouterFeatures
    /// The text of a JSON object.
    let text: String

    /// The lists of those who get the event, and who don't.
    private static let lists = [
        "exclude", "exclude_authid", "exclude_authrole", "eligible", "eligible_authid", "eligible_authrole",
    ]

    /// None.
    package static let none = PublishOptions()

    /// Takes checked options as they are in a configuration or in SQL.
    package init(_ values: [String: Value]) throws(OptionError) {
        try MessageKind.publish.check(options: values)
        self.init(checked: values)
    }

    /// The options that need no check.
    package init(acknowledge: Bool = false, excludeMe: Bool? = nil, retain: Bool? = nil) {
        var values: [String: Value] = [:]
        if acknowledge { values["acknowledge"] = .bool(true) }
        if let excludeMe { values["exclude_me"] = .bool(excludeMe) }
        if let retain { values["retain"] = .bool(retain) }
        self.init(checked: values)
    }

    /// The same, acknowledged or not.
    package func acknowledged(_ acknowledge: Bool) -> PublishOptions {
        var values = self.values
        values["acknowledge"] = acknowledge ? .bool(true) : nil
        return PublishOptions(checked: values)
    }

    private init(checked values: [String: Value]) {
        self.values = values
        self.acknowledge = values["acknowledge"] == .bool(true)
        self.text = JSON.text(of: .dictionary(values))
        var needs = RouterFeatures()
        if Self.lists.contains(where: { values[$0] != nil }) {
            needs.insert(RouterFeatures(.subscriberBlackwhiteListing))
        }
        if values["retain"] == .bool(true) { needs.insert(RouterFeatures(.eventRetention)) }
        if values["exclude_me"] == .bool(false) { needs.insert(RouterFeatures(.publisherExclusion)) }
        self.needs = needs
    }
}

extension PublishOptions: FeatureOptions {
    package func without(_ features: RouterFeatures) -> PublishOptions {
        var values = self.values
        if features.contains(RouterFeatures(.eventRetention)) { values["retain"] = nil }
        if features.contains(RouterFeatures(.publisherExclusion)) { values["exclude_me"] = nil }
        if features.contains(RouterFeatures(.subscriberBlackwhiteListing)) {
            for name in Self.lists { values[name] = nil }
        }
        return PublishOptions(checked: values)
    }
}
