import NIOCore
package import Postgres
package import WAMP

/// The raw convention: one to three `jsonb` parameters get the arguments, the keyword arguments and the call's details.
package final class RawConvention {
    private let signature: String
    private let parameterCount: Int
    private let query: FunctionQuery
    /// One for each gate of recent calls.
    private var shapes: [(gate: SessionGate?, statement: Statement)] = []
    private var retired: [Statement] = []
    private static let limit = 6
    /// The details of a call of the last procedure without any of the router's: `{"procedure":"com.example.add2"}`.
    /// Both are nearly always the same.
    private var plainDetails = ByteBuffer()
    private var procedure: String?

    /// True if the names (and types) of the function's parameters show that the raw convention is meant.
    package static func isMeant(by function: FunctionDefinition) -> Bool {
        let names = function.parameters.map(\.name)
        return fits(function) && names == Array(["args", "kwargs", "details"].prefix(names.count))
    }

    /// True if the function can be called by the raw convention: one to three parameters of type `jsonb`.
    package static func fits(_ function: FunctionDefinition) -> Bool {
        (1...3).contains(function.parameters.count)
            && function.parameters.allSatisfy { $0.type.oid == TypeOID.jsonb && $0.mode == .input }
    }

    /// True if the function takes everything: three parameters of type `jsonb`.
    package static func isFull(_ function: FunctionDefinition) -> Bool {
        fits(function) && function.parameters.count == 3
    }

    /// Takes a function that ``fits(_:)``.
    package init(_ function: FunctionDefinition, query: FunctionQuery) {
        self.signature = function.signature
        self.parameterCount = function.parameters.count
        self.query = query
    }

    /// The statement of a call.
    package var example: String { self.query.text(nil) { _ in true } }

    /// The statements that calls use now, one for each gate.
    package var statements: [Statement] { shapes.map(\.statement) }

    /// Returns the statements that were given up since the last time.
    package func takeRetired() -> [Statement] {
        guard !retired.isEmpty else { return [] }
        defer { retired.removeAll() }
        return retired
    }

    private func statement(_ gate: SessionGate?) -> Statement {
        if let shape = shapes.first(where: { $0.gate === gate }) { return shape.statement }
        let statement = Statement(query.text(gate) { _ in true })
        if shapes.count == Self.limit { retired.append(shapes.removeFirst().statement) }
        shapes.append((gate, statement))
        return statement
    }

    /// Binds the payload as it is. Absent arguments are `[]`, absent keyword arguments `{}`.
    package func bind(
        _ payload: Payload, details: Details, procedure: String?, gate: CallGate = .none
    ) throws(BindingError) -> (statement: Statement, parameters: Parameters) {
        let bytes =
            payload.byteCount
            + (parameterCount > 2 ? details.text.readableBytes + (procedure?.utf8.count ?? 0) + 20 : 4)
        var parameters = Parameters(bytes: payload.containsNUL ? bytes * 2 : bytes, count: parameterCount)
        do throws(JSONError) {
            if let arguments = payload.arguments {
                try ArgumentConversion.append(json: arguments, containsNUL: payload.containsNUL, to: &parameters)
            } else {
                parameters.append("[]" as StaticString)
            }
            if parameterCount > 1 {
                if let members = payload.keywordArguments {
                    try ArgumentConversion.append(json: members, containsNUL: payload.containsNUL, to: &parameters)
                } else {
                    parameters.append("{}" as StaticString)
                }
            } else if let members = payload.keywordArguments, !(try JSON.members(of: members, first: 1).isEmpty) {
                throw JSONError(.wrongKind, at: 0)
            }
        } catch {
            throw BindingError(Self.message(error), signature: signature)
        }
        if parameterCount > 2 { appendDetails(details, procedure: procedure, to: &parameters) }
        gate.append(to: &parameters)
        return (statement(gate.gate), parameters)
    }

    private static func message(_ error: JSONError) -> String {
        switch error.code {
        case .wrongKind: "keyword arguments are not accepted"
        default: error.argumentMessage
        }
    }

    /// The router's details, with the procedure's URI if they lack it: for exact registrations routers leave it out.
    private func appendDetails(_ details: Details, procedure: String?, to parameters: inout Parameters) {
        guard let procedure else { return parameters.append(details.text) }
        if procedure != self.procedure {
            self.procedure = procedure
            plainDetails.clear()
            plainDetails.writeStaticString("{\"procedure\":")
            JSON.write(string: procedure, into: &plainDetails)
            plainDetails.writeStaticString("}")
        }
        if details.isEmpty {
            parameters.append(plainDetails)
        } else {
            // The member goes between the router's last one and the closing brace.
            parameters.append { value in
                value.writeBytes(details.text.readableBytesView.dropLast())
                value.writeStaticString(",")
                value.writeBytes(plainDetails.readableBytesView.dropFirst())
            }
        }
    }
}

extension JSONError {
    /// The fault of the arguments, for their sender.
    var argumentMessage: String {
        switch code {
        case .unexpectedNUL: "a string with U+0000 that is not WAMP binary can't be an argument"
        default: "the arguments can't be read: \(description)"
        }
    }
}
