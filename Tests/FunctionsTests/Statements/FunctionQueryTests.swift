import NIOCore
import Postgres
import Testing

@testable import Functions

/// Golden texts; each of them was run on a server.
@Suite struct FunctionQueryTests {
    private static func base64(_ value: String) -> String {
        "(E'\"\\\\u0000' operator(pg_catalog.||) pg_catalog.replace(pg_catalog.encode(\(value), 'base64'), E'\\n', '') "
            + "operator(pg_catalog.||) '\"')::pg_catalog.json"
    }
    private let call = "\"s\".\"f\"()"
    private let condition = Sample.guardCondition("")
    /// With a look at the columns of shop.item, which has one: a.
    private let itemCondition = Sample.guardCondition(
        "",
        also: " when '\"shop\".\"item\"'::pg_catalog.regclass is null then exists (select from (values "
            + "((null::\"shop\".\"item\").*), (null::\"pg_catalog\".\"int4\")) as c)")

    private func text(_ function: FunctionDefinition, _ options: PlanOptions = PlanOptions()) throws -> String {
        Sample.unbounded(try FunctionQuery(function, options: options).text { _ in true })
    }

    private func shape(_ function: FunctionDefinition, _ results: PlanOptions.Results) throws -> ResultShape {
        try FunctionQuery(function, options: PlanOptions(results: results)).shape
    }

    @Test func scalars() throws {
        #expect(try text(Sample.function([])) == "select pg_catalog.to_json(\(call)) where \(condition)")
        #expect(try text(Sample.function([], returns: Sample.jsonb)) == "select \(call) where \(condition)")
        #expect(try text(Sample.function([], returns: Sample.void)) == "select \(call) where \(condition)")
        #expect(
            try text(Sample.function([], returns: Sample.bytea)) == "select \(Self.base64(call)) where \(condition)")
        #expect(try shape(Sample.function([]), .auto) == .value)
        #expect(try shape(Sample.function([], returns: Sample.void), .auto) == .nothing)
    }

    @Test func theServerMeasuresWhatItSends() throws {
        var options = PlanOptions()
        options.bound = ResultBound(mostOctets: 20_000_000)
        let result = "\"wamp.result\".c"
        let query = try FunctionQuery(Sample.function([]), options: options)
        #expect(
            query.text { _ in true }
                == "select case when (pg_catalog.octet_length(\(result)0)) operator(pg_catalog.<=) 20000000 then "
                + "\(result)0 "
                + "else '!' operator(pg_catalog.||) (pg_catalog.octet_length(\(result)0))::pg_catalog.text end "
                + "from (select (pg_catalog.to_json(\(call)))::pg_catalog.text as c0 where \(condition) offset 0) as "
                + "\"wamp.result\""
        )
        options.bound = ResultBound(mostOctets: 5000)
        #expect(
            try FunctionQuery(Sample.function([]), options: options).text { _ in true }
                == "select (pg_catalog.to_json(\(call)))::pg_catalog.varchar(5001) where \(condition)")
        #expect(ResultBound(mostOctets: 1 << 30).mostOctets == 64 << 20)
    }

    @Test func bigintsAreStringsIfAsked() throws {
        let options = PlanOptions(bigint: .string)
        #expect(
            try text(Sample.function([], returns: Sample.int8), options)
                == "select pg_catalog.to_json((\(call))::pg_catalog.text) where \(condition)")
        #expect(
            try text(Sample.function([], returns: Sample.int8Array), options)
                == "select pg_catalog.to_json((\(call))::pg_catalog._text) where \(condition)")
        #expect(
            try text(Sample.function([], returns: Sample.int8))
                == "select pg_catalog.to_json(\(call)) where \(condition)")
    }

    @Test func theCallStandsOnceWhereItsResultIsUsedTwice() throws {
        let text = try text(Sample.function([], returns: Sample.byteaArray))
        #expect(text.hasSuffix(" from (select \(call) as v where \(condition) offset 0) as \"wamp.row\""))
        #expect(text.contains("pg_catalog.unnest(\"wamp.row\".v) with ordinality as \"wamp.element\"(v, n)"))
    }

    @Test("a column of the name of the rows is not taken for the row") func rowsAreTakenWhole() throws {
        for alias in Alias.all {
            let name = String(alias.sql.dropFirst().dropLast())
            let columns = [
                FunctionColumn(name: name, type: Sample.int4), FunctionColumn(name: "b", type: Sample.bytea),
            ]
            for columns in [columns, [columns[0], columns[0]]] {
                let text = try text(Sample.function([], returns: Sample.item, set: true, columns: columns))
                #expect(!text.contains("to_json(\(alias.sql))"))
            }
        }
    }

    @Test func objects() throws {
        let columns = [FunctionColumn(name: "a", type: Sample.int4), FunctionColumn(name: "b\"", type: Sample.bytea)]
        let plain = Sample.function([], returns: Sample.item, columns: [columns[0]])
        #expect(try text(plain) == "select pg_catalog.to_json(\(call)) where \(itemCondition)")
        #expect(try shape(plain, .auto) == .row)
        var hidden = plain
        hidden.isResultNameable = false
        #expect(try text(hidden) == "select pg_catalog.to_json(\(call)) where \(condition)")
        let special = Sample.function([], returns: Sample.record, columns: columns, out: true)
        #expect(
            try text(special)
                == "select case when \"wamp.row\".v is distinct from null then (select "
                + "pg_catalog.to_json(\"wamp.object\".*) from (select "
                + "(\"wamp.row\".v).\"a\" as \"a\", \(Self.base64("(\"wamp.row\".v).\"b\"\"\"")) as \"b\"\"\") as "
                + "\"wamp.object\") end "
                + "from (select \(call) as v where \(condition) offset 0) as \"wamp.row\"")
        let single = Sample.function([], columns: [columns[0]], out: true)
        #expect(
            try text(single)
                == "select (select pg_catalog.to_json(\"wamp.object\".*) from (select \"wamp.row\".v as \"a\") as "
                + "\"wamp.object\") "
                + "from (select \(call) as v where \(condition) offset 0) as \"wamp.row\"")
        let unknown = Sample.function([], returns: Sample.record)
        #expect(try text(unknown) == "select pg_catalog.to_json(\(call)) where \(condition)")
        #expect(try shape(unknown, .auto) == .row)
    }

    @Test func sets() throws {
        let numbers = Sample.function([], set: true)
        #expect(
            try text(numbers)
                == "select pg_catalog.to_json(\"wamp.row\") from \(call) as \"wamp.row\" where \(condition)")
        #expect(try shape(numbers, .auto) == .rows)
        let items = Sample.function(
            [], returns: Sample.item, set: true, columns: [FunctionColumn(name: "a", type: Sample.int4)])
        #expect(
            try text(items)
                == "select pg_catalog.to_json(\"wamp.row\".*) from \(call) as \"wamp.row\" where \(itemCondition)")
        let columns = [FunctionColumn(name: "a", type: Sample.int4), FunctionColumn(name: "b", type: Sample.text)]
        let table = Sample.function([], returns: Sample.record, set: true, columns: columns, out: true)
        #expect(
            try text(table)
                == "select pg_catalog.to_json(\"wamp.row\".*) from \(call) as \"wamp.row\"(\"a\", \"b\") where "
                + "\(condition)"
        )
        let single = Sample.function([], set: true, columns: [columns[0]], out: true)
        #expect(
            try text(single)
                == "select (select pg_catalog.to_json(\"wamp.object\".*) from (select \"wamp.row\".\"a\" as \"a\") "
                + "as \"wamp.object\") "
                + "from \(call) as \"wamp.row\"(\"a\") where \(condition)")
    }

    @Test func resultsOfSetsAreOverridden() throws {
        let numbers = Sample.function([], set: true)
        #expect(
            try text(numbers, PlanOptions(results: .value))
                == "select pg_catalog.to_json(\"wamp.row\") from \(call) as \"wamp.row\" where \(condition) limit 1")
        #expect(
            try text(numbers, PlanOptions(results: .args))
                == "select coalesce(pg_catalog.json_agg(pg_catalog.to_json(\"wamp.row\")), '[]') "
                + "from \(call) as \"wamp.row\" where \(condition)")
        #expect(try shape(numbers, .value) == .value)
        #expect(try shape(numbers, .args) == .arguments)
        #expect(throws: PlanFault.self) { try shape(numbers, .row) }
        #expect(throws: PlanFault.self) { try shape(numbers, .kwargs) }
        let documents = Sample.function([], returns: Sample.jsonb, set: true)
        #expect(try shape(documents, .row) == .row)
        #expect(try shape(documents, .kwargs) == .keywordArguments)
    }

    @Test func resultsAreOverriddenWhereTheyCanBe() throws {
        #expect(try shape(Sample.function([]), .rows) == .rows)
        #expect(try shape(Sample.function([], returns: Sample.jsonb), .args) == .arguments)
        #expect(try shape(Sample.function([], returns: Sample.textArray), .args) == .arguments)
        #expect(try shape(Sample.function([], returns: Sample.jsonb), .kwargs) == .keywordArguments)
        #expect(throws: PlanFault.self) { try shape(Sample.function([]), .args) }
        #expect(throws: PlanFault.self) { try shape(Sample.function([]), .kwargs) }
        #expect(throws: PlanFault.self) { try shape(Sample.function([]), .row) }
        #expect(throws: PlanFault.self) { try shape(Sample.function([], returns: Sample.void), .value) }
    }

    @Test func theInterfacesResultIsBothArguments() throws {
        var type = Sample.item
        type.schema = "wamp"
        type.name = "result"
        let columns = ["args", "kwargs"].map { FunctionColumn(name: $0, type: Sample.jsonb) }
        var function = Sample.function([], returns: type, columns: columns)
        function.isResultNameable = false
        #expect(
            try text(function).hasSuffix(
                " from (select ((\"wamp.row\".v).args)::pg_catalog.text as c0, "
                    + "((\"wamp.row\".v).kwargs)::pg_catalog.text as c1 "
                    + "from (select \(call) as v where \(condition) offset 0) as \"wamp.row\" offset 0) as "
                    + "\"wamp.result\""
            )
        )
        #expect(try shape(function, .auto) == .result)
        #expect(try shape(function, .value) == .value)
    }

    @Test func proceduresAreGuardedInAnArgument() throws {
        let procedure = Sample.function(
            [
                Sample.parameter("a"), FunctionParameter(name: "o", mode: .output, type: Sample.text),
                Sample.parameter("b"),
            ],
            returns: Sample.record, columns: [FunctionColumn(name: "o", type: Sample.text)], procedure: true)
        let type = "\"pg_catalog\".\"int4\""
        #expect(
            try text(procedure)
                == "call \"s\".\"f\"(case when '\"s\".\"f\"(\(type),\(type))'::pg_catalog.regprocedure "
                + "operator(pg_catalog.=) 42::pg_catalog.oid then $1::\(type) when pg_catalog.date_part('timezone', "
                + "'2000-01-01'::pg_catalog.timestamp) is null then null end, null::\"pg_catalog\".\"text\", "
                + "$2::\(type))"
        )
        let list = try text(Sample.function([Sample.parameter("t", Sample.textArray)], procedure: true))
        #expect(!list.contains("select"))
        #expect(
            list.contains("pg_catalog.json_populate_record(row(null::\"pg_catalog\".\"_text\"), $1::pg_catalog.json)"))
        #expect(try shape(procedure, .auto) == .output)
        #expect(try shape(Sample.function([], procedure: true), .auto) == .nothing)
        #expect(throws: PlanFault.self) { try shape(procedure, .rows) }
    }
}
