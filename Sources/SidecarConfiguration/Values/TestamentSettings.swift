package import Names

/// The section `router.testament`: an event that the router publishes when the sidecar's session is gone.
package struct TestamentSettings: Sendable {
    /// The place of the section's key.
    package let location: Location

    /// The event's topic.
    package let topic: Located<URI>

    /// Its positional arguments.
    package let arguments: [PayloadValue]

    /// Its keyword arguments, in the order of the file.
    package let keywordArguments: [(key: String, value: PayloadValue)]
}
