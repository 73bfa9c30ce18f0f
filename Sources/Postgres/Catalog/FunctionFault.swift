/// Why a function that a mapping names can't be called, and the remedy.
///
/// A fault need not last: somebody can create the function or grant the right. So the function is looked up again.
package struct FunctionFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of fault.
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

    /// The kind of fault.
    package let code: Code
    /// The fault in one sentence.
    package let finding: String
    /// The remedy, for the database's administrator; nil if it is obvious.
    package let advice: String?

    /// Takes the code, the fault and the remedy.
    package init(_ code: Code, _ finding: String, advice: String? = nil) {
        self.code = code
        self.finding = finding
        self.advice = advice
    }

    /// The fault in one sentence, and after a semicolon the remedy.
    package var message: String { self.advice.map { "\(self.finding); \($0)" } ?? self.finding }

    /// The SQLSTATE that the server uses for it, which decides the WAMP error.
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
