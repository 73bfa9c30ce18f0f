/// Why a function that a mapping names can't be called, with what to do about it.
///
/// A fault is not for ever: the function can be created, the right be granted. So it is looked for again.
package struct FunctionFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is in the way.
    package enum Code: String, Sendable, CaseIterable {
        case noSuchSchema
        case noSuchFunction
        case unknownType
        case invalidSignature
        case ambiguous
        case aggregate
        case window
        case trigger
        case unsupportedParameter
        case unsupportedResult
        case schemaNotUsable
        case notExecutable
        case unreadable
    }

    /// What is in the way.
    package let code: Code
    /// One sentence of what is wrong.
    package let finding: String
    /// What to do about it, for who runs the database; nil where that is plain.
    package let advice: String?

    /// Takes the code, and what is wrong and what to do for people.
    package init(_ code: Code, _ finding: String, advice: String? = nil) {
        self.code = code
        self.finding = finding
        self.advice = advice
    }

    /// One sentence of what is wrong, and after a semicolon what to do.
    package var message: String { self.advice.map { "\(self.finding); \($0)" } ?? self.finding }

    /// The SQLSTATE that the server has for it, by which it becomes a WAMP error.
    package var sqlstate: String {
        switch code {
        case .noSuchSchema: "3F000"
        case .noSuchFunction: "42883"
        case .unknownType: "42704"
        case .invalidSignature: "42601"
        case .ambiguous: "42725"
        case .aggregate, .window, .trigger: "42809"
        case .unsupportedParameter, .unsupportedResult: "0A000"
        case .schemaNotUsable, .notExecutable: "42501"
        case .unreadable: "XX000"
        }
    }

    /// The message.
    package var description: String { message }
}
