package import Names

/// One entry of `subscriptions`: a topic and the function that runs for each of its events.
package struct SubscriptionMapping: Sendable {
    /// The topic, or the pattern of topics.
    package let topic: URI

    /// Where the topic stands in the file.
    package let location: Location

    /// The function's name, or its signature where the name is overloaded; and where it is named.
    package let function: Located<FunctionReference>

    /// How the router compares an event's topic with `topic`.
    package let match: MatchPolicy

    /// Whether the router is asked for the events that it has kept.
    package let retained: Bool

    /// How many events may run at once; more than one gives their order up.
    package let concurrency: Int

    /// How long the function may run.
    package let timeout: Duration

    /// As whom it runs; nil: as the sidecar's own role.
    package let role: String?

    /// How often an event is run again before it becomes a dead letter.
    package let retries: Int

    /// How an event's payload becomes the function's arguments.
    package let convention: ProcedureMapping.Convention
}
