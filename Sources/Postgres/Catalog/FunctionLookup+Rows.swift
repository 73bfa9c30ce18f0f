package import Names

extension FunctionLookup {
    /// The function that the rows of ``query`` describe, or why it can't be called.
    package static func definition(
        of reference: FunctionReference, in rows: Rows
    ) throws(FunctionFault) -> FunctionDefinition {
        let answer = try Answer(rows)
        if let type = answer.unknownTypes.first {
            throw FunctionFault(
                .unknownType, "there is no type \(type), as in \(reference)", advice: "check the signature")
        }
        let candidates = answer.functions.filter(\.isWanted)
        guard let found = candidates.first else { throw missing(reference, answer) }
        if candidates.count > 1 {
            let signatures = candidates.map(\.typeSignature).sorted().joined(separator: ", ")
            throw FunctionFault(
                .ambiguous, "\(reference) could be any of \(signatures)", advice: "name one by its signature")
        }
        try check(found)
        let overloads = answer.functions.filter { $0.oid != found.oid && $0.schema == found.schema }
        return FunctionDefinition(
            oid: found.oid, schema: found.schema, name: found.name, isProcedure: found.kind == "p",
            parameters: found.parameters, returnsSet: found.returnsSet, result: found.result,
            isResultNameable: found.isResultNameable, isSQL: found.isSQL, columns: found.columns,
            hasOutParameters: found.hasOutParameters,
            overloads: overloads.map { FunctionOverload(parameters: $0.parameters) }, signature: found.signature)
    }

    /// The fault behind an error of ``query`` itself: a signature that the server can't parse, or a role that does not
    /// exist.
    package static func fault(of reference: FunctionReference, from error: DatabaseError) -> FunctionFault? {
        switch error.sqlstate {
        case "42601", "42602", "42622", "22023", "42P16":
            FunctionFault(.invalidSignature, "the types of \(reference) can't be read: \(error.message)")
        case "3F000", "42704", "0A000":
            FunctionFault(.unknownType, "\(reference) can't be looked up: \(error.message)")
        default: nil
        }
    }

    private static func missing(_ reference: FunctionReference, _ answer: Answer) -> FunctionFault {
        if !answer.functions.isEmpty {
            let signatures = answer.functions.map(\.typeSignature).sorted().joined(separator: ", ")
            return FunctionFault(.noSuchFunction, "there is no function \(reference)", advice: "there is \(signatures)")
        }
        let alternatives = similar(to: reference, in: answer.others)
        let hint = alternatives.isEmpty ? "create it, or correct the name" : "did you mean \(alternatives)?"
        if let schema = reference.schema, answer.isSchemaUsable == nil {
            return FunctionFault(.noSuchSchema, "there is no schema \(schema), as in \(reference)", advice: hint)
        }
        let place = reference.schema == nil ? " on the search path" : ""
        return FunctionFault(.noSuchFunction, "there is no function \(reference)\(place)", advice: hint)
    }

    private static func check(_ found: Candidate) throws(FunctionFault) {
        switch found.kind {
        case "a":
            throw FunctionFault(
                .aggregate, "\(found.signature) is an aggregate", advice: "write a function that calls it")
        case "w":
            throw FunctionFault(
                .window, "\(found.signature) is a window function", advice: "write a function that calls it")
        default: break
        }
        if found.result.oid == TypeOID.trigger || found.result.oid == TypeOID.eventTrigger {
            throw FunctionFault(.trigger, "\(found.signature) is a trigger function; only triggers can call it")
        }
        for parameter in found.parameters where parameter.type.baseKind == .pseudo && parameter.mode != .output {
            throw FunctionFault(
                .unsupportedParameter,
                "\(found.signature) takes \(parameter.type.display), a pseudo-type that names no type of values",
                advice: "write a function with concrete types that calls it")
        }
        let isPseudo = found.result.baseKind == .pseudo
        if isPseudo, found.result.oid != TypeOID.void, found.result.oid != TypeOID.record {
            throw FunctionFault(
                .unsupportedResult,
                "\(found.signature) returns \(found.result.display), which can't be sent to a caller")
        }
        if found.returnsSet, found.result.oid == TypeOID.record, found.columns.isEmpty {
            throw FunctionFault(
                .unsupportedResult,
                "\(found.signature) returns records whose columns it does not declare",
                advice: "declare it RETURNS TABLE (..)")
        }
        if !found.isSchemaUsable {
            throw FunctionFault(
                .schemaNotUsable,
                "role \(found.role) may not use schema \(found.schema)",
                advice: "grant usage on schema \(SQLText.identifier(found.schema)) to \(SQLText.identifier(found.role))"
            )
        }
        if let type = found.unusableType {
            throw FunctionFault(
                .schemaNotUsable,
                "role \(found.role) may not use schema \(type.schema), where \(found.signature) has the type "
                    + "\(type.display) of a parameter",
                advice: "grant usage on schema \(SQLText.identifier(type.schema)) to \(SQLText.identifier(found.role))")
        }
        if !found.isExecutable {
            let kind = found.kind == "p" ? "procedure" : "function"
            throw FunctionFault(
                .notExecutable,
                "role \(found.role) may not execute \(found.signature)",
                advice: "grant execute on \(kind) \(found.typeSignature) to \(SQLText.identifier(found.role))")
        }
    }

    /// At most three names that the writer may have meant, for a message.
    private static func similar(to reference: FunctionReference, in others: [(schema: String, name: String)]) -> String
    {
        let name = reference.name.lowercased()
        // In a short name two wrong characters are too many for a typing error.
        let limit = name.utf8.count < 6 ? 1 : 2
        var ranked: [(distance: Int, text: String)] = []
        for other in others {
            let known = other.name.lowercased()
            guard abs(known.utf8.count - name.utf8.count) <= limit else { continue }
            let distance = EditDistance.between(name, known)
            if distance <= limit { ranked.append((distance, other.schema + "." + other.name)) }
        }
        ranked.sort { ($0.distance, $0.text) < ($1.distance, $1.text) }
        var texts: [String] = []
        for candidate in ranked where !texts.contains(candidate.text) { texts.append(candidate.text) }
        return texts.prefix(3).joined(separator: " or ")
    }
}

/// The rows of the query, put together.
private struct Answer {
    var functions: [Candidate] = []
    var unknownTypes: [String] = []
    var others: [(schema: String, name: String)] = []
    /// nil if there is no such schema, or none was named.
    var isSchemaUsable: Bool?

    init(_ rows: Rows) throws(FunctionFault) {
        for values in rows.values {
            let row = LookupRow(values: values)
            switch try row.text(.kind) {
            case "signature":
                if row.optional(.type) == nil { unknownTypes.append(try row.text(.name)) }
            case "schema": isSchemaUsable = try row.flag(.fact1)
            case "function": functions.append(try Candidate(row))
            case "argument":
                let function = try row.number(.function)
                if let last = functions.firstIndex(where: { $0.oid == function }) {
                    try functions[last].take(argument: row)
                }
            case "attribute":
                let function = try row.number(.function)
                if let last = functions.firstIndex(where: { $0.oid == function }) {
                    try functions[last].take(attribute: row)
                }
            case "other": others.append((try row.text(.fact1), try row.text(.name)))
            default: break
            }
        }
        for index in functions.indices { functions[index].finish() }
    }
}

/// A function with the name in question.
private struct Candidate {
    var oid: UInt32
    var schema: String
    var name: String
    var kind: String
    var result: TypeDefinition
    var isWanted: Bool
    var returnsSet: Bool
    var defaults: Int
    var signature: String
    var isExecutable: Bool
    var isSchemaUsable: Bool
    var role: String
    var isResultNameable: Bool
    var isSQL: Bool
    var parameters: [FunctionParameter] = []
    /// A parameter's type that the role can't name.
    var unusableType: TypeDefinition?
    var columns: [FunctionColumn] = []
    var attributes: [FunctionColumn] = []
    var hasOutParameters: Bool { !columns.isEmpty && attributes.isEmpty }

    init(_ row: LookupRow) throws(FunctionFault) {
        self.oid = try row.number(.function)
        self.name = try row.text(.name)
        self.kind = try row.text(.mode)
        self.result = try row.type()
        self.schema = try row.text(.fact1)
        self.isWanted = try row.flag(.fact2)
        self.returnsSet = try row.flag(.fact3)
        self.defaults = Int(try row.number(.fact4))
        self.signature = "\(self.schema).\(self.name)(\(try row.text(.fact6)))"
        self.isExecutable = try row.flag(.fact7)
        self.isSchemaUsable = try row.flag(.fact8)
        self.role = try row.text(.fact9)
        self.isResultNameable = try row.flag(.fact10)
        self.isSQL = try row.flag(.fact11)
    }

    mutating func take(argument row: LookupRow) throws(FunctionFault) {
        guard let mode = FunctionParameter.Mode(rawValue: try row.text(.mode)) else { throw LookupRow.unreadable }
        let name = try row.text(.name)
        let type = try row.type()
        switch mode {
        case .input, .variadic, .inputOutput: break
        case .output: if kind != "p" { return columns.append(FunctionColumn(name: name, type: type)) }
        case .table: return columns.append(FunctionColumn(name: name, type: type))
        }
        if try !row.flag(.fact1) { unusableType = type }
        parameters.append(FunctionParameter(name: name.isEmpty ? nil : name, mode: mode, type: type))
        if mode == .output || mode == .inputOutput { columns.append(FunctionColumn(name: name, type: type)) }
    }

    mutating func take(attribute row: LookupRow) throws(FunctionFault) {
        attributes.append(FunctionColumn(name: try row.text(.name), type: try row.type()))
    }

    mutating func finish() {
        // Defaults belong to the last of the input parameters.
        var remaining = defaults
        for index in parameters.indices.reversed() where remaining > 0 && parameters[index].mode != .output {
            parameters[index].hasDefault = true
            remaining -= 1
        }
        for index in columns.indices where columns[index].name.isEmpty {
            columns[index].name = "column\(index + 1)"
        }
        if columns.isEmpty { columns = attributes } else { attributes = [] }
    }

    /// The function as a mapping can name it.
    var typeSignature: String {
        let types = parameters.filter { $0.mode != .output }.map(\.type.display)
        return "\(SQLText.plain(schema)).\(SQLText.plain(name))(\(types.joined(separator: ", ")))"
    }
}
