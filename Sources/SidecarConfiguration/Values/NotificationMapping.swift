package import Names

/// One entry of `notifications`: a channel of the database and the effect of a NOTIFY on it.
package struct NotificationMapping: Sendable {
    /// The effect of a notification.
    package enum Action: Sendable {
        /// An event.
        case publish(topic: Located<TopicTemplate>, options: PublishSettings)

        /// A call; its result goes to a function if the file names one.
        case call(procedure: Located<URI>, result: Located<FunctionReference>?, timeout: Duration)
    }

    /// The channel's name as LISTEN must name it, unquoted.
    package let channel: String

    /// The place of the channel's name.
    package let location: Location

    /// The effect of its notifications.
    package let action: Action
}

/// The options of a PUBLISH that a notification causes. For options that are nil the router decides.
package struct PublishSettings: Sendable, Equatable {
    /// Whether the router must acknowledge the event, so that a refusal is noticed.
    package var acknowledge = false

    /// Whether the sidecar's own session is left out.
    package var excludeMe: Bool?

    /// Whether receivers learn the publisher.
    package var discloseMe: Bool?

    /// Whether the router keeps the event for later subscribers.
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
