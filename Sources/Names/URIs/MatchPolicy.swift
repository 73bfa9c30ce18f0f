/// How a registration's or subscription's URI is compared with that of a call or event.
package enum MatchPolicy: String, Sendable, CaseIterable {
    /// The URIs are the same. The default, which is not sent.
    case exact
    /// The URI begins with the pattern's text; `com.a` matches `com.ab`.
    case prefix
    /// As many components, and an empty one in the pattern stands for any.
    case wildcard
}
