import NIOCore
import Postgres
import Sidecar
import Testing

@Suite struct StatementMappingTests {
    @Test(
        arguments: [
            ("select :a, :b, :a", "select $1, $2, $1", ["a", "b"]),
            ("select :a::text, x::int4", "select $1::text, x::int4", ["a"]),
            ("select ':a', \":b\", $$:c$$, $t$ :d $$ $t$, E'\\':e' /* :f /* :g */ */ -- :h", nil, []),
            ("select 'it''s :a', 'back\\', :b", "select 'it''s :a', 'back\\', $1", ["b"]),
            (
                "select x[1:n], x[:a], array[:b, :c], x[f(:d):2]", "select x[1:n], x[$1], array[$2, $3], x[f($4):2]",
                ["a", "b", "c", "d"]
            ),
            ("select array[case when x then :a end]", "select array[case when x then $1 end]", ["a"]),
            ("select f(a := :a), 5:: int", "select f(a := $1), 5:: int", ["a"]),
            ("SELECT 1 ; -- done\n ;", "SELECT 1 ", []),
            ("insert into t values (:größe)", "insert into t values ($1)", ["größe"]),
            ("select a$b, :a", "select a$b, $1", ["a"]),
        ] as [(String, String?, [String])])
    func parametersAreFound(_ text: String, probe: String?, names: [String]) throws {
        let mapping = try StatementMapping(text)
        #expect(mapping.probe == probe ?? text)
        #expect(mapping.names == names)
    }

    @Test(
        arguments: [
            ("select 1", StatementMapping.Verb.select, false, false),
            ("/* c */ VALUES (1)", .values, false, false),
            ("with a as (insert into t values (1) returning 1) select * from a", .select, true, false),
            ("with recursive a(x) as (select 1) delete from t returning x", .delete, true, true),
            ("update t set a = 1", .update, false, false),
            ("merge into t using u on true when matched then delete", .merge, false, false),
            ("with update as (select 1) select * from update", .select, true, false),
            (
                "with a as (select 1), delete(x) as (select 2), merge as (select 3) insert into t table a", .insert,
                true, false
            ),
            ("with recursive values as (select 1) update t set a = 1 returning a", .update, true, true),
            (
                "with recursive insert as (select 1) search depth first by update set values select 1", .select, true,
                false
            ),
            (
                "with recursive a as (select 1) cycle delete, insert set update using merge select 1", .select, true,
                false
            ),
            ("with \"a\" as (select 1) delete from t", .delete, true, false),
            ("insert into t select a.returning as returning from u a", .insert, false, false),
        ] as [(String, StatementMapping.Verb, Bool, Bool)])
    func theVerbIsFound(_ text: String, verb: StatementMapping.Verb, hasList: Bool, returning: Bool) throws {
        let mapping = try StatementMapping(text)
        #expect(mapping.verb == verb)
        #expect(mapping.preamble.isEmpty == !hasList)
        #expect(mapping.hasReturning == returning)
        #expect(StatementMapping.fault(in: text) == nil)
    }

    @Test(
        arguments: [
            ("", StatementMappingError.empty),
            ("  ", .unknownVerb(nil)),
            ("create table x()", .unknownVerb("create")),
            ("table x", .unknownVerb("table")),
            ("(select 1)", .unknownVerb("(")),
            ("with a as (select 1)", .withoutVerb),
            ("select 1; select 2", .severalStatements),
            ("select ';'; drop table x", .severalStatements),
            ("select 'a", .openQuote),
            ("select $$a$", .openQuote),
            ("select /* a /* b */", .openComment),
            ("select (1", .unbalanced),
            ("select 1)", .unbalanced),
            ("select (1]", .unbalanced),
            ("select $1", .numberedParameter),
        ] as [(String, StatementMappingError)])
    func isRefused(_ text: String, error: StatementMappingError) {
        #expect(throws: error) { try StatementMapping(text) }
        #expect(StatementMapping.fault(in: text) == error.description)
    }

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
                == "select pg_catalog.to_json(\"wamp.row\".*) from (select a from t where a = ($1::\"pg_catalog\".\"int4\") -- end\n) as \"wamp.row\""
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

    @Test("of columns of one name an object would lose one") func doubledColumns() throws {
        let column = FunctionColumn(name: "a", type: Sample.int4)
        #expect(throws: PlanFault.self) { try self.plan("select 1 as a, 2 as a", [], [column, column]) }
        let other = FunctionColumn(name: "e\u{301}", type: Sample.int4)
        let composed = FunctionColumn(name: "\u{e9}", type: Sample.int4)
        #expect(throws: Never.self) { try self.plan("select 1", [], [composed, other]) }
    }

    @Test("a name of ours in a WITH list is none of the text's") func namesOfOurs() throws {
        let text = try self.plan("with recursive \"wamp.rows\" as (select 1) select * from \"wamp.rows\"").1
        #expect(text.contains(", \"wamp.rows.2\" as (select"))
    }

    @Test func aDescriptionNeedsItsTypes() {
        #expect(StatementDescription(parameters: [23], columns: [], types: [:]) == nil)
        #expect(StatementDescription(parameters: [23], columns: [], types: [23: Sample.int4]) != nil)
        #expect(throws: PlanFault.self) { try plan("select :a").1 }
    }
}
