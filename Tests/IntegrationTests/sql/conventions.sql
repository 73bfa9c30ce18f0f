-- What test_conventions.py calls: one function for each way in which arguments come in and results go out.

create schema conv;
create type conv.mood as enum ('sad', 'happy');
create type conv.point as (x integer, y integer);
create domain conv.positive as integer check (value > 0);

-- raw
create function conv.raw_args(args jsonb) returns jsonb language sql as 'select args';
create function conv.raw_both(args jsonb, kwargs jsonb) returns jsonb
    language sql as $$ select jsonb_build_object('args', args, 'kwargs', kwargs) $$;
create function conv.raw_details(args jsonb, kwargs jsonb, details jsonb) returns jsonb
    language sql as $$ select details $$;
create function conv.raw_void(args jsonb, kwargs jsonb) returns void language sql as '';

-- native: arguments
create function conv.add2(a integer, b integer) returns integer language sql as 'select a + b';
create function conv.defaults(a integer, b integer default 10, c text default 'c') returns text
    language sql as $$ select format('%s %s %s', a, b, c) $$;
create function conv.nothing() returns integer language sql as 'select 42';
create function conv.variadic(head text, variadic tail integer[]) returns text
    language sql as $$ select head || ':' || array_to_string(tail, ',') $$;
create function conv.variadic_any(variadic tail integer[] default '{}') returns integer
    language sql as $$ select coalesce(array_length(tail, 1), 0) $$;
create function conv.unnamed(integer, integer) returns integer language sql as 'select $1 - $2';
create function conv.arrays(numbers integer[]) returns integer[]
    language sql as $$ select array_agg(n order by n desc) from unnest(numbers) n $$;
create function conv.matrix(cells integer[]) returns text language sql as $$ select cells::text $$;
create function conv.mirror(p conv.point) returns conv.point language sql as $$ select row(p.y, p.x)::conv.point $$;
create function conv.points(p conv.point[]) returns bigint language sql as $$ select sum((q).x) from unnest(p) q $$;
create function conv.feel(m conv.mood) returns conv.mood
    language sql as $$ select case m when 'sad' then 'happy' else 'sad' end::conv.mood $$;
create function conv.strictly(p conv.positive) returns integer language sql as 'select p::integer';
create function conv.echo_text(t text) returns text language sql as 'select t';
create function conv.echo_bool(b boolean) returns boolean language sql as 'select not b';
create function conv.echo_numeric(n numeric) returns numeric language sql as 'select n';
create function conv.echo_double(d double precision) returns double precision language sql as 'select d';
create function conv.echo_bigint(i bigint) returns bigint language sql as 'select i';
create function conv.echo_uuid(u uuid) returns uuid language sql as 'select u';
create function conv.echo_stamp(t timestamptz) returns text
    language sql as $$ select to_char(t at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS') $$;
create function conv.echo_range(r int4range) returns integer language sql as 'select upper(r) - lower(r)';
create function conv.echo_jsonb(j jsonb) returns jsonb language sql as 'select j';
create function conv.kind_of_json(j jsonb) returns text language sql as 'select coalesce(jsonb_typeof(j), ''absent'')';
create function conv.echo_json(j json) returns json language sql as 'select j';
create function conv.is_null(t text) returns boolean language sql as 'select t is null';
create function conv.blob_length(b bytea) returns integer language sql as 'select length(b)';
create function conv.blob_reverse(b bytea) returns bytea language sql as $$
    select decode(string_agg(lpad(to_hex(get_byte(b, n)), 2, '0'), '' order by n desc), 'hex')
    from generate_series(0, length(b) - 1) n $$;
create function conv.odd_names("Select" integer, "with space" integer) returns integer
    language sql as 'select $1 * 10 + $2';

-- native: results
create function conv.nil() returns text language sql as 'select null::text';
create function conv.void() returns void language sql as '';
create function conv.outs(a integer, out twice integer, out thrice integer) language sql as 'select a * 2, a * 3';
create function conv.one_out(a integer, out twice integer) language sql as 'select a * 2';
create function conv.inout(inout a integer, inout b text) language sql as 'select a + 1, b || ''!''';
create function conv.series(n integer) returns setof integer language sql as 'select generate_series(1, n)';
create function conv.table_of(n integer) returns table (i integer, square integer)
    language sql as 'select g, g * g from generate_series(1, n) g';
create function conv.set_of_points(n integer) returns setof conv.point
    language sql as 'select row(g, -g)::conv.point from generate_series(1, n) g';
create function conv.no_point() returns conv.point language sql as 'select null::conv.point';
create function conv.kwargs() returns jsonb language sql as $$ select '{"a": 1, "b": [2]}'::jsonb $$;
create function conv.list() returns jsonb language sql as $$ select '[1, "two"]'::jsonb $$;
create procedure conv.remember(note text) language plpgsql as $$
begin
    create table if not exists conv.memory (note text);
    insert into conv.memory values (note);
    commit;
end $$;

-- overloaded
create function conv.over(i integer) returns text language sql as $$ select 'integer' $$;
create function conv.over(t text) returns text language sql as $$ select 'text' $$;

grant usage, create on schema conv to sidecar;
