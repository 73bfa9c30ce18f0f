import NIOCore
import Postgres
import Sidecar
import Testing
import WAMP

@Suite struct NativeConventionTests {
    private func texts(_ plan: ProcedurePlan, _ arguments: String?, _ members: String? = nil) throws -> [String?] {
        try plan.bind(arguments, members).parameters.texts
    }

    private func message(_ plan: ProcedurePlan, _ arguments: String?, _ members: String? = nil) -> String? {
        #expect(throws: BindingError.self) { try plan.bind(arguments, members) }?.message
    }

    @Test func positionsAndNamesMeet() throws {
        let plan = try ProcedurePlan(function: Sample.add2)
        #expect(try texts(plan, "[2,3]") == ["2", "3"])
        #expect(try texts(plan, nil, "{\"b\":3,\"a\":2}") == ["2", "3"])
        #expect(try texts(plan, "[2]", "{\"b\":3}") == ["2", "3"])
        #expect(plan.statements.count == 1)
        let type = "\"pg_catalog\".\"int4\""
        #expect(
            plan.statements.first.map { Sample.unbounded($0.text) }
                == "select pg_catalog.to_json(\"s\".\"f\"($1::\(type), $2::\(type))) where "
                + Sample.guardCondition("\(type),\(type)"))
    }

    @Test func nothingIsIgnored() throws {
        let plan = try ProcedurePlan(function: Sample.add2)
        #expect(message(plan, "[2]") == "missing argument \"b\"; s.f(..)")
        #expect(message(plan, nil) == "missing argument \"a\"; s.f(..)")
        #expect(message(plan, "[1,2,3]") == "too many arguments: 3 given, at most 2 taken; s.f(..)")
        #expect(message(plan, "[1,2]", "{\"c\":1}") == "unknown argument \"c\"; s.f(..)")
        #expect(message(plan, "[1,2]", "{\"a\":1}") == "argument \"a\" is given twice; s.f(..)")
        #expect(message(plan, nil, "{\"a\":1,\"b\":2,\"a\":3}") == "argument \"a\" is given twice; s.f(..)")
        #expect(message(plan, "[1") != nil)
        #expect(message(plan, "{}") != nil)
    }

    @Test func scalarsAreTheirText() throws {
        let plan = try ProcedurePlan(function: Sample.function([Sample.parameter("t", Sample.text)]))
        for (json, expected) in [
            ("\"plain\"", "plain"), ("\"a\\\"\\u00e9\\n\"", "a\"é\n"), ("1.50e3", "1.50e3"), ("true", "true"),
            ("{\"a\": 1}", "{\"a\": 1}"), ("\"\"", ""), ("\"\\u0000AQI=\"", "\\x0102"), ("null", nil),
            (" 7 ", "7"), ("[\"\\u0000AQI=\"]", "[\"\\\\x0102\"]"),
        ] as [(String, String?)] {
            #expect(try texts(plan, "[\(json)]") == [expected])
        }
        #expect(message(plan, "[\"a\\u0000\"]") != nil)
        #expect(message(plan, "[\"\\u0000???\"]") != nil)
    }

    @Test func arraysAndCompositesAreTheServersToRead() throws {
        let plan = try ProcedurePlan(
            function: Sample.function([
                Sample.parameter("i", Sample.item), Sample.parameter("t", Sample.textArray),
                Sample.parameter("j", Sample.jsonbArray),
            ]))
        let call = try plan.bind("[{\"id\":1},[\"a\",\"\\u0000AQI=\"],[[1]]]")
        #expect(
            call.parameters.texts == ["{\"v\":{\"id\":1}}", "{\"v\":[\"a\",\"\\\\x0102\"]}", "[[1]]"])
        #expect(
            call.statement.text.contains(
                "(select x.v from pg_catalog.json_to_record($1::pg_catalog.json) as x(v \"shop\".\"item\"))"))
        #expect(
            call.statement.text.contains(
                "array(select e.v from pg_catalog.jsonb_array_elements($3) as e(v)) end)::\"pg_catalog\".\"_jsonb\""))
        #expect(try texts(plan, "[null,null,null]") == [nil, nil, nil])
    }

    @Test func leftOutParametersHaveAStatementOfTheirOwn() throws {
        let plan = try ProcedurePlan(
            function: Sample.function([
                Sample.parameter("a"), Sample.parameter("b", default: true), Sample.parameter("C\"", default: true),
            ]))
        let full = try plan.bind("[1,2,3]")
        let first = try plan.bind("[1]")
        let gap = try plan.bind("[1]", "{\"C\\\"\":3}")
        #expect(Set([full.statement, first.statement, gap.statement]).count == 3)
        #expect(gap.parameters.texts == ["1", "3"])
        #expect(
            gap.statement.text.contains(
                "\"s\".\"f\"($1::\"pg_catalog\".\"int4\", \"C\"\"\" => $2::\"pg_catalog\".\"int4\")"))
        #expect(try plan.bind("[9]").statement == first.statement)
    }

    @Test func unnamedParametersGoByPosition() throws {
        let plan = try ProcedurePlan(
            function: Sample.function([Sample.parameter(nil), Sample.parameter(nil, default: true)]))
        #expect(try texts(plan, "[1]") == ["1"])
        #expect(message(plan, nil) == "missing argument 1; s.f(..)")
        #expect(message(plan, nil, "{\"\":1}") == "unknown argument \"\"; s.f(..)")
    }

    @Test func variadicTakesTheRest() throws {
        let plan = try ProcedurePlan(
            function: Sample.function([
                Sample.parameter("a"), FunctionParameter(name: "v", mode: .variadic, type: Sample.textArray),
            ]))
        #expect(try texts(plan, "[1]") == ["1", "{\"v\":[]}"])
        #expect(try texts(plan, "[1, \"x\" ,2]") == ["1", "{\"v\":[\"x\" ,2]}"])
        #expect(try texts(plan, "[1]", "{\"v\":[\"x\"]}") == ["1", "{\"v\":[\"x\"]}"])
        #expect(message(plan, "[1,\"x\"]", "{\"v\":[]}") == "argument \"v\" is given twice; s.f(..)")
        #expect(plan.statements.count == 1)
        #expect(plan.statements.first?.text.contains(", variadic (select x.v") == true)
    }

    @Test func aDefaultOfVariadicIsHonoured() throws {
        let variadic = FunctionParameter(name: "v", mode: .variadic, type: Sample.textArray, hasDefault: true)
        let plan = try ProcedurePlan(function: Sample.function([variadic]))
        #expect(try texts(plan, nil).isEmpty)
        #expect(try texts(plan, "[1]") == ["{\"v\":[1]}"])
    }

    @Test func anotherFunctionIsNotCalledByAccident() throws {
        let plan = try ProcedurePlan(
            function: Sample.function(
                [Sample.parameter("a"), Sample.parameter("b", default: true)], overloads: [[Sample.parameter("x")]]))
        #expect(message(plan, "[1]")?.hasPrefix("another function of this name takes the same arguments") == true)
        #expect(try texts(plan, "[1,2]") == ["1", "2"])
        let distinct = try ProcedurePlan(
            function: Sample.function(
                [Sample.parameter("a"), Sample.parameter("b", default: true)],
                overloads: [[Sample.parameter("x", Sample.text)], [Sample.parameter("x"), Sample.parameter("y")]]))
        #expect(try texts(distinct, "[1]") == ["1"])
    }

    @Test func oldStatementsAreGivenUp() throws {
        let parameters = (0..<6).map { Sample.parameter("p\($0)", default: true) }
        let plan = try ProcedurePlan(function: Sample.function(parameters))
        var made: [Statement] = []
        for shape in 0..<NativeConvention.limit + 3 {
            let members = (0..<6).filter { shape & 1 << $0 != 0 }.map { "\"p\($0)\":1" }.joined(separator: ",")
            made.append(try plan.bind(nil, "{\(members)}").statement)
        }
        #expect(plan.takeRetired() == Array(made.prefix(3)))
        #expect(plan.takeRetired().isEmpty)
        #expect(plan.statements == Array(made.dropFirst(3)))
    }

    @Test func tooManyParametersAreAFaultAndNoTrap() {
        let parameters = (0...NativeConvention.longestList).map { Sample.parameter("p\($0)") }
        #expect(throws: PlanFault.self) { try ProcedurePlan(function: Sample.function(parameters)) }
    }
}
