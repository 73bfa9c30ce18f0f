package import Names

/// One entry of `subscriptions`: a topic and the function that runs for each of its events.
package struct SubscriptionMapping: Sendable {
    /// The topic, or the pattern of topics.
    package let topic: URI

    /// The place of the topic in the file.
    package let location: Location

    /// The function's name, or its signature if the name is overloaded; and the place of the name.
    package let function: Located<FunctionReference>

    /// The match policy between an event's topic and `topic`.
    package let match: MatchPolicy

    /// Whether the router is asked for retained events.
    package let retained: Bool

    /// The most events that run at once; more than one gives their order up.
    package let concurrency: Int

    /// How long the function may run.
    package let timeout: Duration

    /// The role that runs it; nil: the sidecar's own role.
    package let role: String?

    /// How often an event runs again before it becomes a dead letter.
    package let retries: Int

    /// How an event's payload becomes the function's arguments.
    package let convention: ProcedureMapping.Convention
}
