/// The options of PUBLISH: the receivers, and whether the event is acknowledged.
///
/// They are made (and checked) once and used for many events, so they are kept as the JSON text that is sent.
package struct PublishOptions: Sendable, Hashable {
    /// The options as given.
    package let values: [String: Value]
    /// True if the broker must answer. Without an answer, an event that is lost or refused is lost silently.
    package let acknowledge: Bool
    /// The features that the router needs for these options.
    package let needs: RouterFeatures
    /// True if a list of receivers is empty: then nobody gets the event. See ``forNobody(from:)``.
    package let isForNobody: Bool
    /// The text of a JSON object.
    let text: String

    /// The lists of receivers.
    private static let eligible = ["eligible", "eligible_authid", "eligible_authrole"]
    /// The lists of receivers, and those of excluded sessions.
    private static let lists = eligible + ["exclude", "exclude_authid", "exclude_authrole"]

    /// No options.
    package static let none = PublishOptions()

    /// Takes options from a configuration or from SQL, and checks them.
    package init(_ values: [String: Value]) throws(OptionError) {
        try MessageKind.publish.check(options: values)
        self.init(checked: values)
    }

    /// Takes options that need no check. An option that is nil is left out.
    package init(
        acknowledge: Bool = false, excludeMe: Bool? = nil, discloseMe: Bool? = nil, retain: Bool? = nil,
        exclude: [SessionID]? = nil, excludeAuthid: [String]? = nil, excludeAuthrole: [String]? = nil,
        eligible: [SessionID]? = nil, eligibleAuthid: [String]? = nil, eligibleAuthrole: [String]? = nil
    ) {
        var values: [String: Value] = [:]
        if acknowledge { values["acknowledge"] = .bool(true) }
        values["exclude_me"] = excludeMe.map { .bool($0) }
        values["disclose_me"] = discloseMe.map { .bool($0) }
        values["retain"] = retain.map { .bool($0) }
        values["exclude"] = exclude.map { .list($0.map { .integer($0.rawValue) }) }
        values["exclude_authid"] = excludeAuthid.map { .list($0.map { .string($0) }) }
        values["exclude_authrole"] = excludeAuthrole.map { .list($0.map { .string($0) }) }
        values["eligible"] = eligible.map { .list($0.map { .integer($0.rawValue) }) }
        values["eligible_authid"] = eligibleAuthid.map { .list($0.map { .string($0) }) }
        values["eligible_authrole"] = eligibleAuthrole.map { .list($0.map { .string($0) }) }
        self.init(checked: values)
    }

    /// The same, acknowledged or not.
    package func acknowledged(_ acknowledge: Bool) -> PublishOptions {
        var values = self.values
        values["acknowledge"] = acknowledge ? .bool(true) : nil
        return PublishOptions(checked: values)
    }

    /// Options that keep the event from everybody, on each router. Crossbar.io treats an empty list as no list, and
    /// would send the event to everybody.
    ///
    /// - Parameter session: the publisher's. It is the only entry of the lists, of both kinds.
    package func forNobody(from session: SessionID) -> PublishOptions {
        var values = self.values
        for name in Self.lists { values[name] = nil }
        values["eligible"] = .list([.integer(session.rawValue)])
        values["exclude"] = .list([.integer(session.rawValue)])
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
        self.isForNobody = Self.eligible.contains { values[$0] == .list([]) }
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
