import WAMP

/// Why a value can't be the argument of a parameter.
enum ArgumentFault: Error, Equatable {
    /// It can't be read.
    case unreadable(JSONError)
    /// An object has a member that the composite does not have.
    case unknownMember(String, type: String)
    /// An object has a member twice.
    case doubledMember(String, type: String)
    /// A value other than a list for an array of json or jsonb.
    case notAList
    /// A whole number in floating point notation, with more digits than any integer has.
    case beyondIntegers

    /// The fault.
    ///
    /// - Parameter argument: the parameter's name, quoted, or its number.
    func message(_ argument: String) -> String {
        switch self {
        case .unreadable(let error): error.argumentMessage
        case .unknownMember(let name, let type):
            "unknown member \(Self.quoted(name)) of \(type) in argument \(argument)"
        case .doubledMember(let name, let type):
            "member \(Self.quoted(name)) of \(type) is given twice in argument \(argument)"
        case .notAList: "argument \(argument) needs a list for an array of json or jsonb"
        case .beyondIntegers: "a whole number in argument \(argument) is out of range: no integer has so many digits"
        }
    }

    /// A caller's name in a message, limited to a useful length.
    static func quoted(_ name: String) -> String {
        "\"\(name.prefix(64))\""
    }
}
