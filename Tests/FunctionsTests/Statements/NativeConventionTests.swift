import Functions
import NIOCore
import Postgres
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
        #expect(message(plan, "[1,2,3]") == "too many arguments: 3 given, at most 2 accepted; s.f(..)")
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
            call.parameters.texts == ["{\"f1\":{\"id\":1}}", "{\"f1\":[\"a\",\"\\\\x0102\"]}", "{\"[1]\"}"])
        #expect(
            call.statement.text.contains(
                "(select \"wamp.argument\".f1 from pg_catalog.json_to_record($1::pg_catalog.json) "
                    + "as \"wamp.argument\"(f1 \"shop\".\"item\"))::\"shop\".\"item\""))
        #expect(call.statement.text.contains("$3::\"pg_catalog\".\"_jsonb\""))
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
        #expect(try texts(plan, "[1]") == ["1", "{\"f1\":[]}"])
        #expect(try texts(plan, "[1, \"x\" ,2]") == ["1", "{\"f1\":[\"x\" ,2]}"])
        #expect(try texts(plan, "[1]", "{\"v\":[\"x\"]}") == ["1", "{\"f1\":[\"x\"]}"])
        #expect(message(plan, "[1,\"x\"]", "{\"v\":[]}") == "argument \"v\" is given twice; s.f(..)")
        #expect(plan.statements.count == 1)
        #expect(plan.statements.first?.text.contains(", variadic (select \"wamp.argument\".f1") == true)
    }

    @Test("a list that is the only argument for VARIADIC is the array, but not of JSON") func listsForVariadic() throws
    {
        let texts = FunctionParameter(name: "v", mode: .variadic, type: Sample.textArray)
        let plan = try ProcedurePlan(function: Sample.function([texts]))
        #expect(try self.texts(plan, "[[\"x\",\"y\"]]") == ["{\"f1\":[\"x\",\"y\"]}"])
        #expect(try self.texts(plan, "[[\"x\"],[\"y\"]]") == ["{\"f1\":[[\"x\"],[\"y\"]]}"])
        let json = FunctionParameter(name: "v", mode: .variadic, type: Sample.jsonbArray)
        let others = try ProcedurePlan(function: Sample.function([json]))
        #expect(try self.texts(others, "[[\"x\",1]]") == [#"{"[\"x\",1]"}"#])
        #expect(try self.texts(others, "[]") == ["{}"])
    }

    @Test("VARIADIC behind a parameter that is left out names it") func variadicBehindADefault() throws {
        let variadic = FunctionParameter(name: "v", mode: .variadic, type: Sample.textArray)
        let plan = try ProcedurePlan(function: Sample.function([Sample.parameter("a", default: true), variadic]))
        #expect(self.message(plan, nil, #"{"v":["x"]}"#) == "missing argument \"a\"; s.f(..)")
        #expect(try self.texts(plan, nil, #"{"a":1,"v":["x"]}"#) == ["1", #"{"f1":["x"]}"#])
    }

    @Test("whole numbers that come as floats are integers where the parameter is one") func wholeNumbers() throws {
        let integer = try ProcedurePlan(function: Sample.function([Sample.parameter("n", Sample.int8)]))
        for (number, expected) in [
            ("3.0", "3"), ("1764379200000.0", "1764379200000"), ("-2.50e1", "-25"), ("1e3", "1000"), ("-0.0", "0"),
            ("0.00e5", "0"), ("12E+2", "1200"), ("1200e-2", "12"), ("3.5", "3.5"), ("1e-1", "1e-1"),
            ("-0.5e1", "-5"), ("0.05e1", "0.05e1"),
            ("9007199254740993", "9007199254740993"), ("\"3.0\"", "3.0"),
        ] {
            #expect(try self.texts(integer, "[\(number)]") == [expected])
        }
        let list = try ProcedurePlan(function: Sample.function([Sample.parameter("n", Sample.int8Array)]))
        #expect(try self.texts(list, "[[1.0,[2e1, 3.5],\"4.0\\\" 5.0\"]]") == [#"{"f1":[1,[20, 3.5],"4.0\" 5.0"]}"#])
        let text = try ProcedurePlan(function: Sample.function([Sample.parameter("t", Sample.textArray)]))
        #expect(try self.texts(text, "[[1.0]]") == [#"{"f1":[1.0]}"#])
        #expect(self.message(integer, "[1e300]")?.contains("out of range") == true)
    }

    @Test("names are compared as octets") func namesAreOctets() throws {
        let plan = try ProcedurePlan(
            function: Sample.function([Sample.parameter("\u{e9}"), Sample.parameter("e\u{301}")]))
        #expect(try self.texts(plan, nil, "{\"e\u{301}\":2,\"\u{e9}\":1}") == ["1", "2"])
    }

    @Test func aDefaultOfVariadicIsHonoured() throws {
        let variadic = FunctionParameter(name: "v", mode: .variadic, type: Sample.textArray, hasDefault: true)
        let plan = try ProcedurePlan(function: Sample.function([variadic]))
        #expect(try texts(plan, nil).isEmpty)
        #expect(try texts(plan, "[1]") == ["{\"f1\":[1]}"])
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
