/// Why a text is not a URI, pattern or realm; the description completes the sentence "com..x ...".
package enum URIError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text is empty.
    case empty
    /// Two dots stand side by side, or one is at the beginning or the end.
    case emptyComponent
    /// A space, tab, line break or other white space.
    case whiteSpace
    /// A `#`, which is reserved.
    case numberSign
    /// A control character, U+0000 among them.
    case controlCharacter

    /// The fault, for users.
    package var description: String {
        switch self {
        case .empty: "is empty"
        case .emptyComponent: "has an empty component"
        case .whiteSpace: "contains white space"
        case .numberSign: "contains '#'"
        case .controlCharacter: "contains a control character"
        }
    }
}
