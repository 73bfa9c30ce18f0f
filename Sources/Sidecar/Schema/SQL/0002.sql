-- Version 2 of the SQL interface: what changes from version 1. Run once, in one transaction, as the role that owns the schema.
-- The names between at signs are those of version 1. A new function's rights are taken from PUBLIC here, where it is made.

-----------------------------------------------------------------------------------------------------------------------
-- Values

-- binary(bytes): a value for jsonb that leaves the database as WAMP binary: an object, which no text can be taken for. (jsonb can't
-- hold the U+0000 that WAMP's JSON begins a binary string with.)
create or replace function @schema@.binary(bytes bytea) returns jsonb
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $body$
    select jsonb_build_object(chr(1) || 'binary', replace(encode(bytes, 'base64'), chr(10), ''))
$body$;

-- What waits already holds binary as version 1 marked it: a string of U+0001 and base64. A row that can't be changed (its text may be
-- larger than a text can be) stays as it is.
do $binary$
declare
    old constant text := '(?<!\\)"\\u0001((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)"(?!\s*:)';
    new constant text := '{"\\u0001binary": "\1"}';
    marked constant jsonpath := '$.** ? (@ starts with "\u0001")';
    event record;
begin
    for event in
        select 'outbox' as relation, e.id from @schema@.outbox as e
            where pg_catalog.jsonb_path_exists(e.args, marked) or pg_catalog.jsonb_path_exists(e.kwargs, marked)
        union all
        select 'dead_letter', d.id from @schema@.dead_letter as d
            where d.kind = 'publish'
                and (pg_catalog.jsonb_path_exists(d.args, marked) or pg_catalog.jsonb_path_exists(d.kwargs, marked))
    loop
        begin
            execute pg_catalog.format(
                'update %s.%I set args = pg_catalog.regexp_replace(args::text, $1, $2, ''g'')::jsonb, '
                'kwargs = pg_catalog.regexp_replace(kwargs::text, $1, $2, ''g'')::jsonb where id = $3',
                @schema_identifier_literal@, event.relation) using old, new, event.id;
        exception when others then
            null;
        end;
    end loop;
end $binary$;

-----------------------------------------------------------------------------------------------------------------------
-- The outbox and its relay

-----------------------------------------------------------------------------------------------------------------------
-- Leadership

-----------------------------------------------------------------------------------------------------------------------
-- Registering

-----------------------------------------------------------------------------------------------------------------------
-- The call port

-----------------------------------------------------------------------------------------------------------------------
-- Version

update @schema@.meta as m set value = '2' where m.key = 'version';
update @schema@.meta as m set value = '0.2.0' where m.key = 'least_binary';
