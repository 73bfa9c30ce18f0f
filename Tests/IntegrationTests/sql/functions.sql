-- Functions for the callee's scenarios, with what each call gives.
--
-- One line of expectation stands above each function:
--   -- <reference> [options] args kwargs => YIELD args kwargs   or   => ERROR uri
-- Run it in an empty database as the owner; it is repeatable (everything is in schema "callee").

drop schema if exists callee cascade;
drop schema if exists "Callee Odd" cascade;
create schema callee;
create schema "Callee Odd";

-- Raw ------------------------------------------------------------------------------------------------------------------

-- callee.echo [1,"a"] {"k":null} => [{"args":[1,"a"],"kwargs":{"k":null},"procedure":"<the registration's URI>"}]
-- callee.echo - - => [{"args":[],"kwargs":{},"procedure":"<the registration's URI>"}]
-- callee.echo ["\u0000AQI="] - => [{"args":["\\x0102"],"kwargs":{},...}]
-- callee.echo ["a\u0000b"] - => ERROR wamp.error.invalid_argument
create function callee.echo(args jsonb, kwargs jsonb, details jsonb) returns jsonb language plpgsql as $$
begin
    return jsonb_build_object('args', args, 'kwargs', kwargs, 'procedure', details ->> 'procedure');
end $$;

-- callee.sum_all [1,2,3] - => [6]
-- callee.sum_all [1] {"x":1} => ERROR wamp.error.invalid_argument (keyword arguments are not accepted)
create function callee.sum_all(args jsonb) returns numeric language sql as $$
    select sum(v::numeric) from jsonb_array_elements_text(args) as v
$$;

-- callee.raw_details - - {"caller":7} => the details object with caller 7 and procedure
create function callee.raw_details(args jsonb, kwargs jsonb, details jsonb) returns jsonb language sql as $$
    select details
$$;

-- callee.other_names [convention: raw] [1] {"a":2} => [{"a":2}]
create function callee.other_names(x jsonb, y jsonb) returns jsonb language sql as $$ select y $$;

-- Native, scalars ---------------------------------------------------------------------------------------------------------

-- callee.add2 [2,3] - => [5]        callee.add2 - {"b":3,"a":2} => [5]        callee.add2 [2] {"b":3} => [5]
-- callee.add2 [2] - => ERROR wamp.error.invalid_argument: missing argument "b"; callee.add2(a integer, b integer)
-- callee.add2 [2,3,4] - => ERROR wamp.error.invalid_argument: too many arguments: 3 given, at most 2 accepted; ...
-- callee.add2 [2,3] {"a":1} => ERROR wamp.error.invalid_argument: argument "a" is given twice; ...
-- callee.add2 [2,3] {"c":1} => ERROR wamp.error.invalid_argument: unknown argument "c"; ...
-- callee.add2 ["x",3] - => ERROR wamp.error.invalid_argument: invalid input syntax for type integer: "x"; callee.add2(...)
-- callee.add2 [null,3] - => [null]
create function callee.add2(a integer, b integer) returns integer language plpgsql as $$
begin
    return a + b;
end $$;

-- callee.with_defaults [1] - => ["1 two 3"]       callee.with_defaults [1] {"c":9} => ["1 two 9"]
-- callee.with_defaults [1,"zwei"] - => ["1 zwei 3"]
create function callee.with_defaults(a integer, b text default 'two', c integer default 3) returns text language sql as $$
    select format('%s %s %s', a, b, c)
$$;

-- callee.unnamed [6,7] - => [42]       callee.unnamed [6] - => ERROR ...: missing argument 2; ...
create function callee.unnamed(integer, integer) returns integer language sql as $$ select $1 * $2 $$;

-- callee.join_all ["-"] - => [""]       callee.join_all ["-","a","b"] - => ["a-b"]
-- callee.join_all ["-"] {"words":["x","y"]} => ["x-y"]
create function callee.join_all(separator text, variadic words text[]) returns text language sql as $$
    select array_to_string(words, separator)
$$;

-- callee.json_kinds [[1],{"a":2},"s",null] - => ["array object string null"]
create function callee.json_kinds(variadic vals jsonb[]) returns text language sql as $$
    select string_agg(coalesce(jsonb_typeof(v), '<NULL>'), ' ' order by n) from unnest(vals) with ordinality as u(v, n)
$$;

-- callee.types - {"i8":9007199254740993,"n":1.50,"f":1e3,"t":"a\"\u00e9","b":true,"ts":"2026-01-31T12:00:00Z",
--     "u":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","d":"2026-01-31","j":{"k":[1,null]},"r":"[1,5)","iv":"1 day"}
--   => [{"i8":9007199254740993,"n":1.50,"f":1000,"t":"a\"é","b":true,"ts":"2026-01-31T12:00:00+00:00", (session's zone)
--     "u":"a0eebc99-...","d":"2026-01-31","j":{"k": [1, null]},"r":"[1,5)","iv":"1 day"}]
-- the same with bigint: string => "i8":"9007199254740993"
create function callee.types(
    inout i8 bigint, inout n numeric, inout f double precision, inout t text, inout b boolean, inout ts timestamptz,
    inout u uuid, inout d date, inout j jsonb, inout r int4range, inout iv interval
) language sql as $$ select i8, n, f, t, b, ts, u, d, j, r, iv $$;

create type callee.mood as enum ('sad', 'ok');
create domain callee.positive as integer check (value > 0);
create type callee.item as (id bigint, name text, tags text[]);

-- callee.enum_and_domain ["ok",3] - => ["ok3"]
-- callee.enum_and_domain ["great",3] - => ERROR wamp.error.invalid_argument   (22P02)
-- callee.enum_and_domain ["ok",-3] - => ERROR wamp.error.invalid_argument   (23514 of the domain)
create function callee.enum_and_domain(m callee.mood, p callee.positive) returns text language sql as $$
    select m::text || p
$$;

-- callee.composite [{"id":1,"name":"n","tags":["a","b"]},[{"id":2},{"id":3}]] -
--   => [{"id":1,"name":"n","tags":["a","b"]}]
create function callee.composite(i callee.item, rest callee.item[]) returns callee.item language plpgsql as $$
begin
    if cardinality(rest) <> 2 then raise exception 'wrong rest'; end if;
    return i;
end $$;

-- callee.matrix [[[1,2],[3,4]]] - => [[[1,2],[3,4]]]
create function callee.matrix(m integer[]) returns integer[] language sql as $$ select m $$;

-- callee.text_of [{"a":1}] - => ["{\"a\":1}"]       callee.text_of [5] - => ["5"]       callee.text_of [true] - => ["true"]
create function callee.text_of(t text) returns text language sql as $$ select t $$;

-- callee.json_of [{"a":1}] - => [{"a":1}]       callee.json_of ["s"] - => ["s"]       callee.json_of [null] - => [null]
create function callee.json_of(j json) returns json language sql as $$ select j $$;

-- callee.infinity - - => ["NaN"]
create function callee.infinity() returns double precision language sql as $$ select 'NaN'::float8 $$;

-- callee.null_result - - => [null]
create function callee.null_result() returns integer language sql as $$ select null::integer $$;

-- Binary ----------------------------------------------------------------------------------------------------------------

-- callee.reversed ["\u0000AQID"] - => ["\u0000AwIB"]       callee.reversed ["ab"] - => ["\u0000YmE="]
create function callee.reversed(b bytea) returns bytea language plpgsql as $$
declare
    result bytea := '';
begin
    for i in reverse length(b) - 1..0 loop
        result := result || substr(b, i + 1, 1);
    end loop;
    return result;
end $$;

-- callee.parts ["\u0000AQID"] - => [["\u0000AQ==","\u0000Ag==","\u0000Aw=="]]       callee.parts ["\u0000"] - => [[]]
create function callee.parts(b bytea) returns bytea[] language sql as $$
    select coalesce(array_agg(substr(b, i, 1) order by i), '{}') from generate_series(1, length(b)) as i
$$;

-- callee.blobs [2] - => [[{"id":1,"data":"\u0000AQ=="},{"id":2,"data":"\u0000Ag=="}]]
create function callee.blobs(n integer) returns table (id bigint, data bytea) language sql as $$
    select i, decode(lpad(to_hex(i), 2, '0'), 'hex') from generate_series(1, n) as i
$$;

-- callee.large [100000] - => one binary of 100000 octets, base64 without line breaks
create function callee.large(n integer) returns bytea language sql as $$ select decode(repeat('00', n), 'hex') $$;

-- Results ----------------------------------------------------------------------------------------------------------------

create table callee.log (id bigint generated always as identity, what text);

-- callee.nothing ["x"] - => no arguments; one row more in callee.log
create function callee.nothing(w text) returns void language sql as $$ insert into callee.log (what) values (w) $$;

-- callee.out_one [20] - => [{"doubled":40}]
create function callee.out_one(x integer, out doubled integer) language sql as $$ select x * 2 $$;

-- callee.out_two [20] - => [{"half":10,"doubled":40}]
create function callee.out_two(x integer, out half integer, out doubled integer) language sql as $$
    select x / 2, x * 2
$$;

-- callee.numbers [3] - => [[1,2,3]]       callee.numbers [0] - => [[]]
-- [results: args] => [1,2,3]       [results: value] => [1]
create function callee.numbers(n integer) returns setof integer language sql as $$ select generate_series(1, n) $$;

-- callee.items [2] - => [[{"id":1,"name":"item 1","tags":null},{"id":2,"name":"item 2","tags":null}]]
-- [results: row] => [{"id":1,...}]       [results: kwargs] => - {"id":1,...}       [results: args] => two arguments
create function callee.items(n integer) returns setof callee.item language plpgsql as $$
begin
    for i in 1..n loop
        return next row(i, 'item ' || i, null)::callee.item;
    end loop;
end $$;

-- callee.one_column [2] - => [[{"v":1},{"v":2}]]
create function callee.one_column(n integer) returns table (v integer) language sql as $$ select generate_series(1, n) $$;

-- callee.as_args [results: args] - => [1,"b"]       callee.as_kwargs [results: kwargs] => - {"a":1}
create function callee.as_args() returns jsonb language sql as $$ select '[1, "b"]'::jsonb $$;
create function callee.as_kwargs() returns jsonb language sql as $$ select '{"a": 1}'::jsonb $$;

-- callee.not_args [results: args] => ERROR wamp.error.runtime_error (not a JSON array)
create function callee.not_args() returns jsonb language sql as $$ select '{"a": 1}'::jsonb $$;

-- Once: callee.evaluated - - => [{"id":1,"name":"once","tags":null}], and the sequence callee.calls stands at 1
create sequence callee.calls;
create function callee.evaluated() returns callee.item language plpgsql as $$
begin
    return row(nextval('callee.calls'), 'once', null)::callee.item;
end $$;

-- Names: "Callee Odd"."Fn ""q""" [1] {} => [1]       "Callee Odd"."Fn ""q""" - {"Ärger \"x\"":1} => [1]
create function "Callee Odd"."Fn ""q"""("Ärger ""x""" integer) returns integer language sql as $$ select $1 $$;

-- Procedures -------------------------------------------------------------------------------------------------------------

-- callee.do_nothing ["x"] - => no arguments
create procedure callee.do_nothing(w text) language sql as $$ insert into callee.log (what) values (w) $$;

-- callee.do_commit [3] - => [{"done":3,"at":...}]       (commits by itself)
create procedure callee.do_commit(n integer, out done integer, inout label text default 'l') language plpgsql as $$
begin
    for i in 1..n loop
        insert into callee.log (what) values ('commit ' || i);
        commit;
    end loop;
    done := n;
end $$;

-- Errors -----------------------------------------------------------------------------------------------------------------

-- callee.fail ["22012"] - => ERROR wamp.error.invalid_argument       ["42501"] => wamp.error.not_authorized
-- ["23505"] => postgresql.error.unique_violation       ["P0001"] => postgresql.error.raise_exception
-- ["ZZ123"] => postgresql.error.sqlstate_zz123       ["53300"] => wamp.error.unavailable
-- all: args ["m"], kwargs {"sqlstate":"..","detail":"d","hint":"h"}; terse: only sqlstate
create function callee.fail(state text) returns void language plpgsql as $$
begin
    raise exception using errcode = state, message = 'm', detail = 'd', hint = 'h';
end $$;

-- callee.raise_wamp ["com.example.error.gone"] - => ERROR com.example.error.gone [1] {"k":"v"}
-- callee.raise_wamp ["not a uri"] - => ERROR wamp.error.runtime_error
create function callee.raise_wamp(uri text) returns void language plpgsql as $$
begin
    raise exception using errcode = 'WA000', message = uri, detail = '{"args": [1], "kwargs": {"k": "v"}}';
end $$;

create table callee.account (
    id integer primary key, balance integer not null constraint balance_not_negative check (balance >= 0));
insert into callee.account values (1, 10);

-- callee.withdraw [1,100] - => ERROR wamp.error.invalid_argument, kwargs constraint balance_not_negative, table account
create function callee.withdraw(account_id integer, amount integer) returns integer language sql as $$
    update callee.account set balance = balance - amount where id = account_id returning balance
$$;

-- callee.divide [1,0] - => ERROR wamp.error.invalid_argument "division by zero", without the signature
create function callee.divide(a integer, b integer) returns integer language plpgsql as $$ begin return a / b; end $$;

-- Faults of mappings --------------------------------------------------------------------------------------------------------

-- callee.twice => ambiguous (42725): callee.twice(integer), callee.twice(text); callee.twice(text) ["x"] => ["xx"]
create function callee.twice(x integer) returns integer language sql as $$ select x * 2 $$;
create function callee.twice(x text) returns text language sql as $$ select x || x $$;

-- callee.overlap(integer, integer) [1] - => ERROR wamp.error.invalid_argument (another function takes the same)
-- callee.overlap(integer, integer) [1,2] - => [3]
create function callee.overlap(a integer) returns integer language sql as $$ select -1 $$;
create function callee.overlap(a integer, b integer default 1) returns integer language sql as $$ select a + b $$;

create function callee.a_trigger() returns trigger language plpgsql as $$ begin return new; end $$;
create aggregate callee.an_aggregate(integer) (sfunc = int4pl, stype = integer);
create function callee.polymorphic(x anyelement) returns anyelement language sql as $$ select x $$;
create function callee.loose_record() returns setof record language sql as $$ select 1, 2 $$;
create function callee.secret() returns integer language sql as $$ select 1 $$;
revoke execute on function callee.secret() from public;

-- Changed columns: after "alter table callee.grown add column b text default 'b'" each of them has b in its rows at once
-- (with bigint: string too, where the columns are named one by one).
-- callee.grown_rows - - => [[{"a":1}]]       sql: select * from callee.grown => the same
create table callee.grown (a bigint);
insert into callee.grown values (1);
create function callee.grown_rows() returns setof callee.grown language sql stable as $$ select * from callee.grown $$;
