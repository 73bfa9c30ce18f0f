/// The name of a realm: any URI, according to the specification. Routers may be stricter.
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
