package import Names

/// One entry of `notifications`: a channel of the database and what a NOTIFY on it becomes.
package struct NotificationMapping: Sendable {
    /// What a notification becomes.
    package enum Action: Sendable {
        /// An event.
        case publish(topic: Located<TopicTemplate>, options: PublishSettings)

        /// A call; its result goes to a function if one is named.
        case call(procedure: Located<URI>, result: Located<FunctionReference>?, timeout: Duration)
    }

    /// The channel's name as LISTEN has to name it, unquoted.
    package let channel: String

    /// Where the channel's name stands.
    package let location: Location

    /// What becomes of its notifications.
    package let action: Action
}

/// The options of a PUBLISH that a notification causes. What is nil is left to the router.
package struct PublishSettings: Sendable, Equatable {
    /// Whether the router is asked to say that it has the event, so that a refusal is seen.
    package var acknowledge = false

    /// Whether the sidecar's own session is left out.
    package var excludeMe: Bool?

    /// Whether receivers are told who published.
    package var discloseMe: Bool?

    /// Whether the router keeps the event for those who subscribe later.
    package var retain: Bool?

    /// Sessions that don't get the event.
    package var exclude: [Int64]?

    /// Names (authid) that don't get the event.
    package var excludeAuthid: [String]?

    /// Roles (authrole) that don't get the event.
    package var excludeAuthrole: [String]?

    /// The only sessions that get the event.
    package var eligible: [Int64]?

    /// The only names (authid) that get the event.
    package var eligibleAuthid: [String]?

    /// The only roles (authrole) that get the event.
    package var eligibleAuthrole: [String]?

    /// No option given.
    package init() {}
}
