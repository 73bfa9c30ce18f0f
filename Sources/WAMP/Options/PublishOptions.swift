/// The options of PUBLISH: who gets the event, and whether it is acknowledged.
///
/// They are made (and checked) once and used for many events, so they are held as the JSON text that is sent.
package struct PublishOptions: Sendable, Hashable {
    /// What was given.
    package let values: [String: Value]
    /// True if the broker is to answer. Without, an event that is lost or refused is lost silently.
    package let acknowledge: Bool
    /// The text of a JSON object.
    let text: String

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
    }
}
