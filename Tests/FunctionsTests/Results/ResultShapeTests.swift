import Functions
import NIOCore
import Postgres
import Testing
import WAMP

@Suite struct ResultShapeTests {
    private func payload(_ shape: ResultShape, _ columns: String?...) throws -> [String?] {
        let payload = try shape.payload(columns.map { $0.map { ByteBuffer(string: $0) } })
        return [payload.arguments, payload.keywordArguments].map { $0.map { String(buffer: $0) } }
    }

    @Test func values() throws {
        #expect(try payload(.nothing, "") == [nil, nil])
        #expect(try payload(.value, "5") == ["[5]", nil])
        #expect(try payload(.value, nil) == ["[null]", nil])
        #expect(try ResultShape.row.payload([]).arguments.map { String(buffer: $0) } == "[null]")
    }

    @Test func argumentsAreCheckedBeforeTheRouterIs() throws {
        #expect(try payload(.arguments, " [1]") == [" [1]", nil])
        #expect(try payload(.arguments, "null") == [nil, nil])
        #expect(try payload(.arguments, nil) == [nil, nil])
        #expect(try payload(.keywordArguments, "{}") == [nil, "{}"])
        #expect(try payload(.result, "[1]", "{\"a\":1}") == ["[1]", "{\"a\":1}"])
        #expect(try payload(.result, nil, nil) == [nil, nil])
        #expect(throws: ResultFault.self) { try payload(.arguments, "{}") }
        #expect(throws: ResultFault.self) { try payload(.arguments, "7") }
        #expect(throws: ResultFault.self) { try payload(.keywordArguments, "[]") }
        #expect(throws: ResultFault.self) { try payload(.result, "[1]", "[1]") }
    }

    @Test func proceduresOutputIsWrittenAsToJSONWould() throws {
        let columns = [
            ("i", Sample.int8), ("b", Sample.bool), ("n", Sample.base(TypeOID.numeric, "numeric", "numeric")),
            ("f", Sample.base(TypeOID.float8, "float8", "double precision")), ("j", Sample.jsonb), ("y", Sample.bytea),
            ("z", Sample.base(TypeOID.timestamptz, "timestamptz", "timestamp with time zone")),
            ("h", Sample.base(TypeOID.timestamptz, "timestamptz", "timestamp with time zone")),
            ("t", Sample.base(TypeOID.timestamp, "timestamp", "timestamp without time zone")), ("x", Sample.text),
            ("u", Sample.text),
        ].map { FunctionColumn(name: $0.0, type: $0.1) }
        let procedure = Sample.function([], returns: Sample.record, columns: columns, procedure: true)
        let values = [
            "9007199254740993", "t", "NaN", "-1.5e-07", "{\"a\": 1}", "\\x0102", "2026-01-31 12:00:00.5+02",
            "0044-03-15 12:00:00+05:30 BC", "infinity", "a\"\n", nil,
        ].map { $0.map { ByteBuffer(string: $0) } }
        let rest =
            "\"b\":true,\"n\":\"NaN\",\"f\":-1.5e-07,\"j\":{\"a\": 1},\"y\":\"\\u0000AQI=\","
            + "\"z\":\"2026-01-31T12:00:00.5+02:00\",\"h\":\"0044-03-15T12:00:00+05:30 BC\",\"t\":\"infinity\","
            + "\"x\":\"a\\\"\\n\",\"u\":null}]"
        let plan = try ProcedurePlan(function: procedure)
        #expect(
            try plan.payload(values).arguments.map { String(buffer: $0) } == "[{\"i\":9007199254740993," + rest)
        let strings = try ProcedurePlan(function: procedure, options: PlanOptions(bigint: .string))
        #expect(
            try strings.payload(values).arguments.map { String(buffer: $0) } == "[{\"i\":\"9007199254740993\"," + rest)
    }

    @Test func arraysOfProceduresAreRefused() {
        let procedure = Sample.function(
            [], returns: Sample.record, columns: [FunctionColumn(name: "a", type: Sample.textArray)], procedure: true)
        #expect(throws: PlanFault.self) { try ProcedurePlan(function: procedure) }
    }
}
