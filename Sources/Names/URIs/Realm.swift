/// The name of a realm: any URI, as the specification has it. Routers may be more particular.
package struct Realm: Hashable, Sendable, CustomStringConvertible {
    private let uri: URI

    /// Takes the name of a realm.
    package init(_ text: String) throws(URIError) {
        self.uri = try URI(text)
    }

    /// The text as given.
    package var text: String { self.uri.text }

    /// The text.
    package var description: String { self.text }
}
