import Names
import Postgres
import Testing

/// The rows are as PostgreSQL 15 returned them for the functions of the integration tests.
@Suite struct FunctionLookupTests {
    private static let integer = ["23", "pg_catalog", "int4", "integer", "b", "23", "b", "N", nil]
    private static let text = ["25", "pg_catalog", "text", "text", "b", "25", "b", "S", nil]
    private static let trigger = ["2279", "pg_catalog", "trigger", "trigger", "p", "2279", "p", "P", nil]
    private static let void = ["2278", "pg_catalog", "void", "void", "p", "2278", "p", "P", nil]
    private static let record = ["2249", "pg_catalog", "record", "record", "p", "2249", "p", "P", nil]
    private static let anything = ["2283", "pg_catalog", "anyelement", "anyelement", "p", "2283", "p", "P", nil]
    private static let items = ["16406", "callee", "items", "callee.items", "d", "16400", "b", "A", "16399"]
    private static let none = [String?](repeating: nil, count: 9)

    private static func rows(_ values: [[String?]]) -> Rows {
        Rows(columns: [], values: values)
    }

    private static func function(
        _ oid: Int, _ name: String = "add2", kind: String = "f", result: [String?] = integer, wanted: Bool = true,
        set: Bool = false, defaults: Int = 0, arguments: String = "a integer, b integer", execute: Bool = true,
        usage: Bool = true, sql: Bool = false
    ) -> [String?] {
        ["function", "\(oid)", "0", name, kind] + result
            + [
                "callee", "\(wanted)", "\(set)", "\(defaults)", arguments, arguments, "\(execute)", "\(usage)", "wamp",
                "true", "\(sql)",
            ]
    }

    private static func argument(
        _ oid: Int, _ position: Int, _ name: String, _ type: [String?] = integer, mode: String = "i",
        usage: Bool = true
    ) -> [String?] {
        ["argument", "\(oid)", "\(position)", name, mode] + type + ["\(usage)"] + [String?](repeating: nil, count: 9)
    }

    private func definition(_ reference: String, _ rows: [[String?]]) throws -> FunctionDefinition {
        try FunctionLookup.definition(of: try FunctionReference(reference), in: Self.rows(rows))
    }

    private func refusal(_ reference: String, _ rows: [[String?]]) -> FunctionFault? {
        #expect(throws: FunctionFault.self) { try definition(reference, rows) }
    }

    @Test func aFunctionIsReadWithItsDefaults() throws {
        let definition = try definition(
            "callee.add2",
            [
                ["schema", "0", "0", "callee", ""] + Self.none + ["true"] + [String?](repeating: nil, count: 8),
                Self.function(7, defaults: 1, arguments: "a integer, b integer DEFAULT 1"),
                Self.argument(7, 1, "a"),
                Self.argument(7, 2, ""),
            ])
        #expect(definition.oid == 7)
        #expect(definition.signature == "callee.add2(a integer, b integer DEFAULT 1)")
        #expect(definition.parameters.map(\.name) == ["a", nil])
        #expect(definition.parameters.map(\.hasDefault) == [false, true])
        #expect(definition.parameters.first?.type.sql == "\"pg_catalog\".\"int4\"")
        #expect(definition.result.oid == TypeOID.int4)
        #expect(definition.columns.isEmpty)
        #expect(!definition.isProcedure && !definition.returnsSet && !definition.hasOutParameters)
        #expect(!definition.isSQL)
        #expect(try self.definition("add2", [Self.function(7, sql: true)]).isSQL)
    }

    @Test func aDomainOverAnArrayIsAnArray() throws {
        let definition = try definition("f", [Self.function(7), Self.argument(7, 1, "x", Self.items)])
        let type = try #require(definition.parameters.first?.type)
        #expect(type.kind == .domain)
        #expect(type.isArray)
        #expect(type.element == 16399)
        #expect(!type.isComposite)
    }

    @Test func outParametersAreColumnsOfAFunctionAndArgumentsOfAProcedure() throws {
        let rows = [
            Self.argument(7, 1, "a"), Self.argument(7, 2, "o", Self.text, mode: "o"),
            Self.argument(7, 3, "io", mode: "b"),
        ]
        let function = try definition("f", [Self.function(7, result: Self.record, defaults: 1)] + rows)
        #expect(function.parameters.map(\.name) == ["a", "io"])
        #expect(function.columns.map(\.name) == ["o", "io"])
        #expect(function.hasOutParameters)
        let procedure = try definition("f", [Self.function(7, kind: "p", result: Self.record, defaults: 1)] + rows)
        #expect(procedure.isProcedure)
        #expect(procedure.parameters.map(\.mode) == [.input, .output, .inputOutput])
        #expect(procedure.parameters.map(\.hasDefault) == [false, false, true])
        #expect(procedure.columns.map(\.name) == ["o", "io"])
    }

    @Test func attributesAreColumnsButNotOutParameters() throws {
        let attribute = ["attribute", "7", "1", "id", ""] + Self.integer + Self.none
        let definition = try definition("f", [Self.function(7, set: true), attribute])
        #expect(definition.columns == [FunctionColumn(name: "id", type: definition.result)])
        #expect(!definition.hasOutParameters)
        #expect(definition.returnsSet)
    }

    @Test func overloadsAreKeptForTheirParameters() throws {
        let definition = try definition(
            "callee.f(integer)",
            [
                Self.function(7), Self.function(8, wanted: false), Self.argument(7, 1, "a"),
                Self.argument(8, 1, "b", Self.text),
            ])
        #expect(definition.oid == 7)
        #expect(definition.overloads.map { $0.parameters.map(\.name) } == [["b"]])
    }

    @Test func whatIsMissingIsNamedWithWhatIsThere() throws {
        let other = ["other", "0", "0", "add2", ""] + Self.none + ["callee"] + [String?](repeating: nil, count: 8)
        let schema = ["schema", "0", "0", "calle", ""] + Self.none + ["true"] + [String?](repeating: nil, count: 8)
        let noSchema = try #require(refusal("calle.add2", [other]))
        #expect(noSchema.code == .noSuchSchema)
        #expect(noSchema.sqlstate == "3F000")
        #expect(noSchema.message == "there is no schema calle, as in calle.add2; did you mean callee.add2?")
        let noFunction = try #require(refusal("calle.ad2", [schema, other]))
        #expect(noFunction.message == "there is no function calle.ad2; did you mean callee.add2?")
        #expect(noFunction.sqlstate == "42883")
        let swapped = try #require(refusal("calle.ad2d", [schema, other]))
        #expect(swapped.message == "there is no function calle.ad2d; did you mean callee.add2?")
        #expect(refusal("zzzzzz", [other])?.message.hasSuffix("; create it, or correct the name") == true)
        let noSignature = try #require(
            refusal("callee.add2(text)", [Self.function(7, wanted: false), Self.argument(7, 1, "a")]))
        #expect(
            noSignature.message == "there is no function callee.add2(text); there is callee.add2(integer)")
    }

    @Test func anUnknownTypeIsNamed() throws {
        let rows = [["signature", "0", "1", "nonsense", ""] + [String?](repeating: nil, count: 18)]
        let fault = try #require(refusal("f(nonsense)", rows))
        #expect(fault.code == .unknownType)
        #expect(fault.message == "there is no type nonsense, as in f(nonsense); check the signature")
    }

    @Test func severalFunctionsAreListed() throws {
        let fault = try #require(
            refusal(
                "callee.add2",
                [
                    Self.function(7), Self.function(8), Self.argument(7, 1, "a"), Self.argument(8, 1, "a", Self.text),
                ]))
        #expect(fault.sqlstate == "42725")
        #expect(
            fault.message
                == "callee.add2 could be any of callee.add2(integer), callee.add2(text); name one by its signature")
    }

    @Test(arguments: [
        (function(7, kind: "a"), FunctionFault.Code.aggregate, "42809"),
        (function(7, kind: "w"), .window, "42809"),
        (function(7, result: trigger), .trigger, "42809"),
        (function(7, result: anything), .unsupportedResult, "0A000"),
        (function(7, result: record, set: true), .unsupportedResult, "0A000"),
        (function(7, execute: false), .notExecutable, "42501"),
        (function(7, execute: false, usage: false), .schemaNotUsable, "42501"),
    ])
    func whatCanNotBeCalledIsRefused(_ row: [String?], code: FunctionFault.Code, sqlstate: String) throws {
        let fault = try #require(refusal("callee.add2", [row]))
        #expect(fault.code == code)
        #expect(fault.sqlstate == sqlstate)
    }

    @Test func aParameterOfAnyTypeIsRefused() throws {
        let fault = try #require(refusal("f", [Self.function(7), Self.argument(7, 1, "x", Self.anything)]))
        #expect(fault.code == .unsupportedParameter)
    }

    @Test func aTypeThatCanNotBeNamedIsAFault() throws {
        let fault = try #require(refusal("f", [Self.function(7), Self.argument(7, 1, "x", Self.items, usage: false)]))
        #expect(fault.code == .schemaNotUsable)
        #expect(fault.message.hasSuffix("; grant usage on schema \"callee\" to \"wamp\""))
    }

    @Test func rightsAreNamedAsTheyAreGranted() throws {
        let fault = try #require(refusal("f", [Self.function(7, execute: false), Self.argument(7, 1, "a")]))
        #expect(
            fault.message
                == "role wamp may not execute callee.add2(a integer, b integer); "
                + "grant execute on function callee.add2(integer) to \"wamp\"")
    }

    @Test func voidAndRecordsAreFine() throws {
        #expect(try definition("f", [Self.function(7, result: Self.void)]).result.oid == TypeOID.void)
        #expect(try definition("f", [Self.function(7, result: Self.record)]).result.oid == TypeOID.record)
    }

    @Test func rowsOfAnotherShapeAreAFaultAndNoTrap() {
        #expect(refusal("f", [["function"]])?.code == .unreadable)
        #expect(refusal("f", [[nil]])?.code == .unreadable)
        #expect(refusal("f", [])?.code == .noSuchFunction)
    }

    @Test func parametersOfTheQueryAreTextsAndAnArray() throws {
        let reference = try FunctionReference("shop.f(integer, \"a\\b\")")
        #expect(
            FunctionLookup.parameters(for: reference, role: "r").texts
                == ["shop", "f", "{\"integer\",\"\\\"a\\\\b\\\"\"}", "r"])
        #expect(FunctionLookup.parameters(for: try FunctionReference("f")).texts == [nil, "f", nil, nil])
        #expect(FunctionLookup.parameters(for: try FunctionReference("f()")).texts == [nil, "f", "{}", nil])
        #expect(TypeLookup.parameters(for: [23, 25]).texts == ["{23,25}"])
    }

    @Test func errorsOfTheQueryAreFaultsOfTheReference() throws {
        let reference = try FunctionReference("f(foo bar baz)")
        let syntax = DatabaseError(sqlstate: "42601", message: "syntax error at or near \"bar\"")
        #expect(FunctionLookup.fault(of: reference, from: syntax)?.code == .invalidSignature)
        #expect(
            FunctionLookup.fault(of: reference, from: DatabaseError(sqlstate: "57P01", message: "going down")) == nil)
    }

    @Test func typesAreReadByOid() throws {
        let types = try TypeLookup.types(in: Self.rows([["type", nil, nil, nil, nil] + Self.items]))
        #expect(types[16406]?.name == "items")
        #expect(types[16406]?.element == 16399)
    }
}
