import Functions
import NIOCore
import Postgres
import Testing
import WAMP

@Suite struct RawConventionTests {
    @Test func payloadGoesThroughAsItIs() throws {
        let plan = try ProcedurePlan(function: Sample.raw)
        let call = try plan.bind("[1, \"a\"]", "{\"k\" : null}")
        let type = "\"pg_catalog\".\"jsonb\""
        #expect(
            Sample.unbounded(call.statement.text)
                == "select \"s\".\"f\"($1::\(type), $2::\(type), $3::\(type)) where "
                + Sample.guardCondition("\(type),\(type),\(type)"))
        #expect(
            call.parameters.texts
                == ["[1, \"a\"]", "{\"k\" : null}", "{\"procedure\":\"com.example.f\"}"])
        #expect(plan.result == .value)
        #expect(try plan.bind().statement == call.statement)
        #expect(plan.statements == [call.statement])
    }

    @Test func absentArgumentsAreEmpty() throws {
        let plan = try ProcedurePlan(function: Sample.raw)
        #expect(try plan.bind().parameters.texts.prefix(2) == ["[]", "{}"])
    }

    @Test func detailsKeepTheRoutersProcedureOrGetOurs() throws {
        let plan = try ProcedurePlan(function: Sample.raw)
        #expect(
            try plan.bind(details: "{\"caller\":7}").parameters.texts.last
                == "{\"caller\":7,\"procedure\":\"com.example.f\"}")
        let theirs = Details(["procedure": .string("a.b")])
        let call = try plan.bind(Sample.payload(), details: theirs, procedure: nil)
        #expect(call.parameters.texts.last == "{\"procedure\":\"a.b\"}")
        let other = try plan.bind(Sample.payload(), details: .empty, procedure: "x.\"y\"")
        #expect(other.parameters.texts.last == "{\"procedure\":\"x.\\\"y\\\"\"}")
    }

    @Test func binaryBecomesHexadecimalWhereverItIs() throws {
        let plan = try ProcedurePlan(function: Sample.raw)
        let call = try plan.bind("[\"\\u0000AQI=\"]", "{\"k\":[\"\\u0000/w==\"]}")
        #expect(call.parameters.texts.prefix(2) == ["[\"\\\\x0102\"]", "{\"k\":[\"\\\\xff\"]}"])
    }

    @Test(arguments: ["[\"a\\u0000\"]", "[{\"\\u0000\":1}]"])
    func otherNULsAreRefused(_ arguments: String) throws {
        let plan = try ProcedurePlan(function: Sample.raw)
        let error = #expect(throws: BindingError.self) { try plan.bind(arguments) }
        #expect(error?.message.hasSuffix("; s.f(..)") == true)
    }

    @Test func keywordArgumentsAreNotDropped() throws {
        let plan = try ProcedurePlan(
            function: Sample.function([Sample.parameter("args", Sample.jsonb)], returns: Sample.jsonb))
        #expect(try plan.bind("[1]", "{ }").parameters.texts == ["[1]"])
        let error = #expect(throws: BindingError.self) { try plan.bind("[1]", "{\"a\":1}") }
        #expect(error?.message == "keyword arguments are not accepted; s.f(..)")
    }

    @Test func aPayloadThatCanNotBeUsedIsRefused() throws {
        let plan = try ProcedurePlan(function: Sample.raw)
        #expect(throws: BindingError.self) {
            try plan.bind(Payload(fault: .tooDeep), details: .empty, procedure: "a.b")
        }
    }

    @Test func conventionIsChosenByNamesAndTypes() throws {
        let other = Sample.function([Sample.parameter("x", Sample.jsonb)], returns: Sample.jsonb)
        #expect(throws: BindingError.self) { try ProcedurePlan(function: other).bind("[1,2]") }
        let raw = try ProcedurePlan(function: other, options: PlanOptions(convention: .raw))
        #expect(try raw.bind("[1,2]").parameters.texts == ["[1,2]"])
        let native = try ProcedurePlan(
            function: Sample.function([Sample.parameter("args", Sample.jsonb)], returns: Sample.jsonb),
            options: PlanOptions(convention: .native))
        #expect(try native.bind("[[1,2]]").parameters.texts == ["[1,2]"])
        #expect(throws: PlanFault.self) {
            try ProcedurePlan(function: Sample.add2, options: PlanOptions(convention: .raw))
        }
    }
}
