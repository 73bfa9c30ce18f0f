package import NIOCore
package import Names
package import Postgres
package import WAMP

/// How the calls of one mapping become statements, and their results payloads.
///
/// Made from the catalog's description of the function, and from the mapping's options; made again when the function
/// has changed. Pure: it sends nothing. Belongs to one event loop, like the route that holds it.
package final class ProcedurePlan {
    /// The shape of the result.
    package let result: ResultShape
    /// True if the statement is a CALL: it may commit by itself, and must not run again.
    package let isProcedure: Bool
    /// The function with its parameters, or the statement's parameters; for messages.
    package let signature: String
    /// The called function; nil for a mapping of a statement.
    package let function: FunctionDefinition?
    /// The server's description of the statement; nil for a mapping of a function.
    package let description: StatementDescription?
    /// See ``PlanOptions/guardCondition``.
    package let guardCondition: String?
    /// The checks and settings that its statements can make.
    package let gates: Gates
    private let isShutByNoRow: Bool
    private let output: ProcedureOutput?
    private let convention: Convention

    /// The checks and settings of a plan's statements before they run anything.
    package enum Gates: Sendable {
        /// None: all settings are made ahead.
        case none
        /// Whether the session is clean; parts of the statement that depend on the caller may be evaluated ahead of the
        /// condition.
        case looksOnly
        /// Whether the session is clean, and the caller's settings.
        case setsCaller
    }

    private enum Convention {
        case raw(RawConvention)
        case native(NativeConvention)
        case statement(NativeConvention)
    }

    /// Plans the calls of a function.
    ///
    /// - Throws: a fault where the mapping's options don't suit the function.
    package init(function: FunctionDefinition, options: PlanOptions = PlanOptions()) throws(PlanFault) {
        let query = try FunctionQuery(function, options: options)
        self.function = function
        self.description = nil
        self.guardCondition = options.guardCondition
        self.gates = query.gates
        self.isShutByNoRow = query.isShutByNoRow
        self.signature = function.signature
        self.isProcedure = function.isProcedure
        self.result = query.shape
        self.output = try function.isProcedure ? ProcedureOutput(function, bigint: options.bigint) : nil
        switch options.convention {
        case .auto where RawConvention.isMeant(by: function),
            .registered where RawConvention.isMeant(by: function) || RawConvention.isFull(function):
            self.convention = .raw(RawConvention(function, query: query))
        case .raw:
            guard RawConvention.fits(function) else {
                throw PlanFault(
                    "convention: raw needs one to three parameters of type jsonb; \(function.signature) has others")
            }
            self.convention = .raw(RawConvention(function, query: query))
        case .auto, .registered, .native:
            self.convention = .native(
                try NativeConvention(
                    function.parameters, overloads: function.overloads, signature: function.signature,
                    text: query.text))
        }
    }

    /// Plans the calls of a statement.
    ///
    /// - Parameter description: the server's description of the statement's ``StatementMapping/probe``.
    package init(
        statement mapping: StatementMapping, description: StatementDescription, options: PlanOptions = PlanOptions()
    ) throws(PlanFault) {
        let query = try StatementQuery(mapping, description, options: options)
        self.function = nil
        self.description = description
        self.guardCondition = nil
        self.gates = query.takesGate ? .looksOnly : .none
        self.isShutByNoRow = false
        self.signature = query.signature
        self.isProcedure = false
        self.result = query.shape
        self.output = nil
        self.convention = .statement(
            try NativeConvention(query.parameters, signature: query.signature) { gate, _ in query.text(gate) })
    }

    /// How the statement shows that its gate was shut.
    package var gateSign: Work.Gate { self.isShutByNoRow ? .noRow : .error }

    /// True if a row that is too large comes in the form of ``ResultBound``. The result of CALL comes as it is.
    package var isBounded: Bool { !self.isProcedure && self.result != .nothing }

    /// True if the result can have any number of rows.
    package var isSet: Bool { result == .rows }

    /// The statement and its parameters for a call.
    ///
    /// - Parameters:
    ///   - payload: the call's arguments. Their bytes are copied once, into the parameters.
    ///   - details: the invocation's details, for a raw function with that parameter.
    ///   - procedure: the URI of the registration, for details that lack it; nil if they have it, or do not belong to a
    ///     call.
    ///   - gate: the statement's check before it runs anything.
    /// - Throws: a fault of the caller.
    package func bind(
        _ payload: Payload, details: Details, procedure: String?, gate: CallGate = .none
    ) throws(BindingError) -> (statement: Statement, parameters: Parameters) {
        if let fault = payload.fault { throw BindingError("\(fault)", signature: signature, uri: fault.uri) }
        switch convention {
        case .raw(let raw): return try raw.bind(payload, details: details, procedure: procedure, gate: gate)
        case .native(let native), .statement(let native): return try native.bind(payload, gate: gate)
        }
    }

    /// Returns the statements that are not used any more since the last time: connections should deallocate them.
    package func takeRetired() -> [Statement] {
        switch convention {
        case .raw(let raw): raw.takeRetired()
        case .native(let native), .statement(let native): native.takeRetired()
        }
    }

    /// Whether the possible arguments of a call depend on more than the plan: the catalog may have changed.
    package var dependsOnCatalog: Bool {
        self.function != nil || self.description?.parameters.contains { $0.shape?.hasRecords ?? false } ?? false
    }

    /// Whether it was made of the same definition as the other one.
    package func isMadeLike(_ other: ProcedurePlan) -> Bool {
        self.function == other.function && self.description == other.description
            && self.guardCondition == other.guardCondition
    }

    /// Whether the function belongs to a role that must not use a session that others use.
    package var isUntrusted: Bool { self.guardCondition != nil }

    /// The statement of a call that gives all parameters, without its gate.
    package var example: String {
        switch convention {
        case .raw(let raw): raw.example
        case .native(let native), .statement(let native): native.example
        }
    }

    /// All statements that calls use now: when the plan is given up, connections should deallocate them.
    package var statements: [Statement] {
        switch convention {
        case .raw(let raw): raw.statements
        case .native(let native), .statement(let native): native.statements
        }
    }

    /// The payload of a result that is not a set.
    ///
    /// - Parameter columns: the columns of the first row, nil for NULL; empty if there is no row.
    package func payload(_ columns: [ByteBuffer?]) throws(ResultFault) -> Payload {
        guard result == .output, let output else { return try result.payload(columns) }
        return try result.payload([output.object(columns)])
    }

    /// True if the error was raised inside the function, not before it.
    ///
    /// Contexts are in the server's language, but the function's name stands in each.
    package func comesFromWithin(_ error: DatabaseError) -> Bool {
        guard let context = error.context else { return false }
        guard let function else { return true }
        return context.utf8.contains(function.name.utf8)
    }

    /// The signature, if the error is about a value that could not be converted for a parameter.
    package func signature(concerning error: DatabaseError) -> String? {
        switch convention {
        case .raw: return nil
        case .native, .statement: break
        }
        // A domain's constraint names its type; a table's does not.
        let isAboutValue =
            error.sqlstate.hasPrefix("22")
            || ((error.sqlstate == "23514" || error.sqlstate == "23502") && error.datatype != nil)
        return isAboutValue && !comesFromWithin(error) ? signature : nil
    }
}
