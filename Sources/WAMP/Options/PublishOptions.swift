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
    /// True if a list of those who get the event is empty: then nobody does. See ``forNobody(from:)``.
    package let isForNobody: Bool
    /// The text of a JSON object.
    let text: String

    /// The lists of those who get the event.
    private static let eligible = ["eligible", "eligible_authid", "eligible_authrole"]
    /// Those, and the lists of those who don't.
    private static let lists = eligible + ["exclude", "exclude_authid", "exclude_authrole"]

    /// None.
    package static let none = PublishOptions()

    /// Takes checked options as they are in a configuration or in SQL.
    package init(_ values: [String: Value]) throws(OptionError) {
        try MessageKind.publish.check(options: values)
        self.init(checked: values)
    }

    /// The options one by one, which need no check; of what is nil nothing is said.
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

    /// Options by which nobody gets the event, on each router: Crossbar.io takes an empty list for none at all, and would
    /// send the event to everybody.
    ///
    /// - Parameter session: of the publisher: the only one on the lists, on both kinds of them.
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
