import Functions
import NIOCore
import Postgres
import Testing
import WAMP

/// Arguments of types that have parts, as the catalog would describe those.
@Suite struct ShapedArgumentTests {
    private static let part = RecordShape(
        type: "shop.part", relation: 17001,
        members: [
            RecordShape.Member(name: "n", shape: .integer), RecordShape.Member(name: "e\u{301}", shape: .scalar),
            RecordShape.Member(name: "docs", shape: .list(.json)),
            RecordShape.Member(name: "pairs", shape: .list(.list(.integer))),
            RecordShape.Member(name: "grid", shape: .list(.integer)),
        ])

    private func plan(_ shape: ValueShape, procedure: Bool = false) throws -> ProcedurePlan {
        var type = Sample.item
        type.shape = shape
        return try ProcedurePlan(
            function: Sample.function([Sample.parameter("p", type)], procedure: procedure))
    }

    private func text(_ value: String) throws -> String? {
        try self.plan(.list(.record(Self.part))).bind("[[\(value)]]").parameters.texts.first ?? nil
    }

    private func message(_ value: String) throws -> String? {
        let plan = try self.plan(.list(.record(Self.part)))
        return #expect(throws: BindingError.self) { try plan.bind("[[\(value)]]") }?.message
    }

    @Test(arguments: [
        ("{\"n\":3.0}", "{\"n\":3}"), ("{ \"docs\" : null , \"n\": -1.20e1 }", "{\"docs\":null,\"n\":-12}"),
        ("{\"docs\":[[1.0],\"a\\\"\",null]}", #"{"docs":"{\"[1.0]\",\"\\\"a\\\\\\\"\\\"\",\"null\"}"}"#),
        ("{\"docs\":[\"\\u0000AQI=\"]}", #"{"docs":"{\"\\\"\\\\\\\\x0102\\\"\"}"}"#),
        ("{\"pairs\":[[1,2.0],null,[]]}", #"{"pairs":"{\"{1,2}\",null,\"{}\"}"}"#),
        ("{\"grid\":[[1.0,2],[3,\"4.0\"]]}", "{\"grid\":[[1,2],[3,\"4.0\"]]}"), ("{}", "{}"), ("null", "null"),
        ("{\"e\u{301}\":1.0}", "{\"e\u{301}\":1.0}"), ("[{\"n\":1.0}]", "[{\"n\":1}]"), ("\"(1)\"", "\"(1)\""),
    ])
    func membersAreWrittenByTheirTypes(_ value: String, _ written: String) throws {
        #expect(try self.text(value) == "{\"f1\":[\(written)]}")
    }

    @Test func whatTheTypeDoesNotHaveIsNamed() throws {
        #expect(try self.message("{\"x\":1}") == "unknown member \"x\" of shop.part in argument \"p\"; s.f(..)")
        #expect(
            try self.message("{\"\u{E9}\":1}") == "unknown member \"\u{E9}\" of shop.part in argument \"p\"; s.f(..)")
        #expect(try self.message("[[{\"N\":1}]]") == "unknown member \"N\" of shop.part in argument \"p\"; s.f(..)")
        #expect(
            try self.message("{\"n\":1,\"n\":2}")
                == "member \"n\" of shop.part is given twice in argument \"p\"; s.f(..)")
        #expect(try self.message("{\"docs\":{}}")?.contains("needs a list") == true)
        #expect(try self.message("{\"n\":1e19}")?.contains("out of range") == true)
        #expect(try self.message("{\"n\":12345678901234567890.0}")?.contains("out of range") == true)
    }

    @Test("statements notice that a composite has changed") func guards() throws {
        let guards = "'17001'::pg_catalog.regclass is null then ((null::\"shop\".\"item\")[1]).\"n\" is null and "
        for isProcedure in [false, true] {
            let plan = try self.plan(.list(.record(Self.part)), procedure: isProcedure)
            let text = try plan.bind("[[]]").statement.text
            #expect(text.contains(guards))
            #expect(text.contains("pg_catalog.array_ndims(((null::\"shop\".\"item\")[1]).\"docs\") is null"))
        }
        #expect(try !self.plan(.list(.integer)).example.contains("regclass is null"))
    }

    @Test(arguments: [
        ("3.0", "3"), ("-0.0", "0"), ("0e5", "0"), ("1.5", "1.5"), ("1.50e1", "15"), ("120.0", "120"),
        ("12e-1", "12e-1"),
        ("1200e-2", "12"), ("9e18", "9000000000000000000"), ("-1.5e3", "-1500"), ("0.0015e4", "15"), ("10.20", "10.20"),
        ("7", "7"), ("123456789012345678901234567890", "123456789012345678901234567890"),
    ])
    func wholeNumbers(_ number: String, _ text: String) throws {
        let plan = try ProcedurePlan(function: Sample.function([Sample.parameter("n", Sample.int8)]))
        #expect(try plan.bind("[\(number)]").parameters.texts == [text])
    }
}
