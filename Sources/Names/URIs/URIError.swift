/// Why a text is no URI, pattern or realm; its description completes the sentence "com..x ...".
package enum URIError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no text at all.
    case empty
    /// Two dots stand side by side, or one is at the beginning or the end.
    case emptyComponent
    /// A space, tab, line break or other white space.
    case whiteSpace
    /// A `#`, which is reserved.
    case numberSign
    /// A control character, U+0000 among them.
    case controlCharacter

    /// What is wrong, in a user's words.
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
