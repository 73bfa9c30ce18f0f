/// Why a ``PayloadText`` can't be read, or has no value for a topic.
package enum PayloadTextError: Error, Sendable, Equatable, CustomStringConvertible {
    case argumentsNotAnArray
    case keywordArgumentsNotAnObject
    /// Values are asked for, and it is no object.
    case noObject
    case keyMissing(String)
    case keyNotUsable(String)

    /// What is wrong, in a user's words.
    package var description: String {
        switch self {
        case .argumentsNotAnArray: "its 'args' is not an array"
        case .keywordArgumentsNotAnObject: "its 'kwargs' is not an object"
        case .noObject: "the topic wants values of the payload, which is not an object"
        case .keyMissing(let key): "the topic wants '\(key)', which the payload does not have"
        case .keyNotUsable(let key):
            """
            the value of '\(key)' can't be part of a topic: it must be a text or number without dot, '#' and white space
            """
        }
    }
}
