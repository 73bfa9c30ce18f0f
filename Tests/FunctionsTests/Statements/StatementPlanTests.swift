import Functions
import NIOCore
import Names
import Postgres
import Testing

@Suite struct StatementPlanTests {
    private func plan(
        _ text: String, _ parameters: [TypeDefinition] = [], _ columns: [FunctionColumn] = [],
        _ results: PlanOptions.Results = .auto
    ) throws -> (ProcedurePlan, String) {
        let description = StatementDescription(parameters: parameters, columns: columns)
        let plan = try ProcedurePlan(
            statement: try StatementMapping(text), description: description, options: PlanOptions(results: results))
        let arguments = parameters.map { _ in "1" }.joined(separator: ",")
        return (plan, Sample.unbounded(try plan.bind("[\(arguments)]").statement.text))
    }

    @Test func queriesGiveRows() throws {
        let (plan, text) = try plan("select a from t where a = :a -- end", [Sample.int4])
        #expect(
            text
                == "select pg_catalog.to_json(\"wamp.row\".*) from (select a from t where a = "
                + "($1::\"pg_catalog\".\"int4\") -- end\n) as \"wamp.row\""
        )
        #expect(plan.result == .rows)
        #expect(plan.signature == "sql(a integer)")
        #expect(try plan.bind(nil, "{\"a\":7}").parameters.texts == ["7"])
        #expect(throws: BindingError("missing argument \"a\"", signature: "sql(a integer)")) { try plan.bind() }
    }

    @Test func changesStandInAWithList() throws {
        let (rows, text) = try plan("insert into t values (1) returning *")
        #expect(
            text
                == "with \"wamp.rows\" as (insert into t values (1) returning *\n) "
                + "select pg_catalog.to_json(\"wamp.row\".*) from \"wamp.rows\" as \"wamp.row\"")
        #expect(rows.result == .rows)
        let (count, counting) = try plan("with a as (select 1) delete from t;")
        #expect(
            counting
                == "with a as (select 1) \n, \"wamp.rows\" as (delete from t\nreturning 1\n) "
                + "select pg_catalog.count(*) from \"wamp.rows\" as \"wamp.row\"")
        #expect(count.result == .value)
        let (merge, plain) = try plan("merge into t using u on true when matched then delete")
        #expect(plain == "merge into t using u on true when matched then delete")
        #expect(merge.result == .nothing)
    }

    @Test func resultsOfStatementsAreOverridden() throws {
        let column = FunctionColumn(name: "n", type: Sample.int4)
        #expect(
            try plan("select n from t", [], [column], .value).1
                == "select pg_catalog.to_json(\"wamp.row\".\"n\") from (select n from t\n) as \"wamp.row\" limit 1")
        #expect(try plan("select n from t", [], [column], .row).0.result == .row)
        #expect(throws: PlanFault.self) { try plan("delete from t", [], [], .rows) }
        let special = FunctionColumn(name: "b", type: Sample.bytea)
        let text = try plan("select b from t", [], [special], .row).1
        #expect(text.contains("pg_catalog.encode(\"wamp.row\".\"b\", 'base64')"))
        #expect(
            text.hasSuffix(
                " as \"wamp.row\" where case when true then true else exists (select from (values (\"wamp.row\".*), "
                    + "(null::\"pg_catalog\".\"bytea\")) as c) end limit 1"))
    }

    @Test("a list can be given wherever an expression can") func anyOfAList() throws {
        let text = try self.plan("select a from t where a = any(:l)", [Sample.int8Array]).1
        // Without a cast behind it the sub-select would be taken for rows.
        #expect(text.contains(" = any(((select ") && text.contains(")::\"pg_catalog\".\"_int8\"))"))
    }

    @Test("an object would lose one of two columns of one name") func doubledColumns() throws {
        let column = FunctionColumn(name: "a", type: Sample.int4)
        #expect(throws: PlanFault.self) { try self.plan("select 1 as a, 2 as a", [], [column, column]) }
        let other = FunctionColumn(name: "e\u{301}", type: Sample.int4)
        let composed = FunctionColumn(name: "\u{e9}", type: Sample.int4)
        #expect(throws: Never.self) { try self.plan("select 1", [], [composed, other]) }
    }

    @Test("a generated name in a WITH list does not occur in the text") func namesOfOurs() throws {
        let text = try self.plan("with recursive \"wamp.rows\" as (select 1) select * from \"wamp.rows\"").1
        #expect(text.contains(", \"wamp.rows.2\" as (select"))
    }

    @Test func aDescriptionNeedsItsTypes() {
        #expect(StatementDescription(parameters: [23], columns: [], types: [:]) == nil)
        #expect(StatementDescription(parameters: [23], columns: [], types: [23: Sample.int4]) != nil)
        #expect(throws: PlanFault.self) { try plan("select :a").1 }
    }
}
