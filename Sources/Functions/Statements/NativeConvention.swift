import NIOCore
import Names
package import Postgres
package import WAMP

/// The native convention: positional arguments fill the parameters in order, keyword arguments by name, parameters with
/// a default can be omitted, VARIADIC takes the rest.
///
/// There is a prepared statement for each set of parameters that calls give; the latest ``limit`` are kept.
package final class NativeConvention {
    private let parameters: [FunctionParameter]
    private let overloads: [FunctionOverload]
    private let signature: String
    /// Makes a statement's text for some of the parameters, by their indices.
    private let text: (_ gate: SessionGate?, _ isGiven: (Int) -> Bool) -> String
    private let conversions: [ArgumentConversion]
    /// The indices of the parameters that a call can give.
    private let inputs: [Int]
    private let variadic: Int?
    private let indexByName: [ExactText: Int]
    private var shapes: [(given: Given, gate: SessionGate?, statement: Statement)] = []
    private(set) var retired: [Statement] = []

    /// A bit for each parameter that is given.
    private typealias Given = UInt128

    /// The greatest number of statements kept for one function.
    package static let limit = 32
    /// The greatest number of parameters: one bit each. PostgreSQL itself is built for 100.
    package static let longestList = 128

    /// Takes the parameters, and the function that makes statements.
    ///
    /// - Parameters:
    ///   - parameters: the parameters in order; OUT parameters of a procedure are skipped.
    ///   - overloads: other functions of the same name.
    ///   - signature: the signature for messages.
    ///   - text: the statement's text for the given parameters (by index); values come in their order.
    package init(
        _ parameters: [FunctionParameter], overloads: [FunctionOverload] = [], signature: String,
        text: @escaping (_ gate: SessionGate?, _ isGiven: (Int) -> Bool) -> String
    ) throws(PlanFault) {
        guard parameters.count <= Self.longestList else {
            throw PlanFault("\(signature) has more than \(Self.longestList) parameters")
        }
        self.parameters = parameters
        self.overloads = overloads
        self.signature = signature
        self.text = text
        self.conversions = parameters.map { ArgumentConversion($0.type) }
        self.inputs = parameters.indices.filter { parameters[$0].mode != .output }
        self.variadic = parameters.firstIndex { $0.mode == .variadic }
        var indexByName: [ExactText: Int] = [:]
        for index in inputs {
            if let name = parameters[index].name { indexByName[ExactText(name)] = index }
        }
        self.indexByName = indexByName
    }

    /// The statement of a call that gives all parameters.
    package var example: String { self.text(nil) { _ in true } }

    /// The statements that calls use now.
    package var statements: [Statement] { shapes.map(\.statement) }

    /// Returns the statements that were given up since the last time.
    package func takeRetired() -> [Statement] {
        guard !retired.isEmpty else { return [] }
        defer { retired.removeAll() }
        return retired
    }

    /// Gives each argument its parameter.
    package func bind(
        _ payload: Payload, gate: CallGate = .none
    ) throws(BindingError) -> (statement: Statement, parameters: Parameters) {
        let fixed = variadic == nil ? inputs.count : inputs.count - 1
        let positional: JSON.Elements?
        let members: [(key: String, value: JSONElement)]
        do {
            positional = try payload.arguments.map { text throws(JSONError) in
                try JSON.elements(of: text, first: fixed)
            }
            // With one more than there are parameters, one is unknown or given twice.
            members =
                try payload.keywordArguments.map { text throws(JSONError) in
                    try JSON.members(of: text, first: inputs.count + 1)
                } ?? []
        } catch {
            throw fault(error.argumentMessage)
        }
        if let count = positional?.count, count > fixed, variadic == nil {
            throw fault("too many arguments: \(count) given, at most \(fixed) accepted")
        }
        let hasRest = positional?.rest != nil
        var values = [JSONElement?](repeating: nil, count: parameters.count)
        for (input, value) in zip(inputs.prefix(fixed), positional?.first ?? []) { values[input] = value }
        for (name, value) in members {
            guard let index = indexByName[ExactText(name)] else {
                throw fault("unknown argument \(ArgumentFault.quoted(name))")
            }
            guard values[index] == nil, index != variadic || !hasRest else {
                throw fault("argument \(ArgumentFault.quoted(name)) is given twice")
            }
            values[index] = value
        }
        let given = try given(values, hasRest: hasRest)
        let statement = try statement(given, gate.gate)
        var parameters = try bound(given, values, rest: positional, payload)
        gate.append(to: &parameters)
        return (statement, parameters)
    }

    private func given(_ values: [JSONElement?], hasRest: Bool) throws(BindingError) -> Given {
        var given: Given = 0
        var omitted: Int?
        for (number, index) in inputs.enumerated() {
            let parameter = parameters[index]
            let isRest = index == variadic && (hasRest || !parameter.hasDefault)
            if values[index] == nil, !isRest {
                guard parameter.hasDefault else { throw missing(number) }
                omitted = omitted ?? number
                continue
            }
            // The server finds no function for VARIADIC behind a parameter with its default.
            if index == variadic, let omitted { throw missing(omitted) }
            given |= 1 << Given(index)
        }
        return given
    }

    /// - Parameter number: its number among the parameters of calls.
    private func missing(_ number: Int) -> BindingError {
        fault("missing argument \(self.name(of: inputs[number]))")
    }

    /// A parameter's name for messages; without a name its number among the parameters of calls.
    private func name(of index: Int) -> String {
        self.parameters[index].name.map(ArgumentFault.quoted) ?? "\((self.inputs.firstIndex(of: index) ?? 0) + 1)"
    }

    private func bound(
        _ given: Given, _ values: [JSONElement?], rest: JSON.Elements?, _ payload: Payload
    ) throws(BindingError) -> Parameters {
        var bound = Parameters(
            bytes: payload.containsNUL ? payload.byteCount * 2 : payload.byteCount + 8, count: inputs.count)
        for index in inputs where given & 1 << Given(index) != 0 {
            do throws(ArgumentFault) {
                if let value = values[index] {
                    try conversions[index].append(value, to: &bound)
                } else {
                    try conversions[index].append(rest: rest, to: &bound)
                }
            } catch {
                throw fault(error.message(self.name(of: index)))
            }
        }
        return bound
    }

    private func statement(_ given: Given, _ gate: SessionGate?) throws(BindingError) -> Statement {
        if let shape = shapes.first(where: { $0.given == given && $0.gate === gate }) { return shape.statement }
        try checkOverloads(given)
        let statement = Statement(text(gate) { given & 1 << Given($0) != 0 })
        if shapes.count == Self.limit { retired.append(shapes.removeFirst().statement) }
        shapes.append((given, gate, statement))
        return statement
    }

    /// Refuses a call without some of the parameters if another function of the name would accept the others: the
    /// server would call that one, or neither.
    private func checkOverloads(_ given: Given) throws(BindingError) {
        let isComplete = inputs.allSatisfy { given & 1 << Given($0) != 0 }
        if isComplete { return }
        for overload in overloads {
            let candidates = overload.parameters.filter { $0.mode != .output }
            var taken = Set<Int>()
            let fits = inputs.enumerated().allSatisfy { position, index in
                guard given & 1 << Given(index) != 0 else { return true }
                let parameter = parameters[index]
                let isPositional = inputs.prefix(position).allSatisfy { given & 1 << Given($0) != 0 }
                let match =
                    isPositional
                    ? position
                    : candidates.firstIndex { $0.name.map(ExactText.init) == parameter.name.map(ExactText.init) }
                guard let match, match < candidates.count, candidates[match].type.oid == parameter.type.oid else {
                    return false
                }
                taken.insert(match)
                return true
            }
            if fits, candidates.indices.allSatisfy({ taken.contains($0) || candidates[$0].hasDefault }) {
                throw fault("another function of this name takes the same arguments; give all of them")
            }
        }
    }

    private func fault(_ message: String) -> BindingError {
        BindingError(message, signature: signature)
    }
}
