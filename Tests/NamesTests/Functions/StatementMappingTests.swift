import Names
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
    }
}
