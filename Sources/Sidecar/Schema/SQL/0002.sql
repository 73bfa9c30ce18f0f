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

-- The arguments of an event that jsonb can't hold, or that can't be read, as they came: the array of args and kwargs, by and large.
alter table @schema@.dead_letter add column unreadable text;

-- An event that could not be run. Whatever it holds, there is a letter of it.
drop function @schema@.event_bury(text, text, jsonb, jsonb, jsonb, text, text, text, int);
create function @schema@.event_bury(subscription text, topic text, args text, kwargs text, details text, proc text,
    error text, message text, attempts int, unreadable text default null)
returns bigint language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp as $body$
#variable_conflict use_column
declare
    buried bigint;
    positional jsonb;
    named jsonb;
    origin jsonb;
    kept text := event_bury.unreadable;
begin
    begin
        positional := event_bury.args::jsonb;
        named := event_bury.kwargs::jsonb;
    exception when data_exception or program_limit_exceeded or untranslatable_character then
        positional := null;
        named := null;
        kept := '[' || coalesce(event_bury.args, '[]') || ', ' || coalesce(event_bury.kwargs, '{}') || ']';
    end;
    begin
        origin := event_bury.details::jsonb;
    exception when data_exception or program_limit_exceeded or untranslatable_character then
        origin := null;
    end;
    insert into @schema@.dead_letter (kind, subscription, topic, args, kwargs, details, proc, error, message, attempts, unreadable)
        values ('event', event_bury.subscription, event_bury.topic, positional, named, origin, event_bury.proc,
            event_bury.error, event_bury.message, coalesce(event_bury.attempts, 0), kept)
        returning id into buried;
    return buried;
end $body$;
revoke all on function @schema@.event_bury(text, text, text, text, text, text, text, text, int, text) from public;

-- Tries again: publications go back to the outbox, at its end; events are run by the leader. Returns how many. An event whose arguments
-- can't be read can't be run.
create or replace function @schema@.dead_letter_retry(ids bigint[]) returns int
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    publications int;
    events int;
begin
    with gone as (
        delete from @schema@.dead_letter as d where d.id = any (dead_letter_retry.ids) and d.kind = 'publish' returning d.*
    )
    insert into @schema@.outbox (event_id, topic, args, kwargs, options)
        select coalesce(g.event_id, gen_random_uuid()), g.topic, g.args, g.kwargs, g.options from gone as g order by g.id;
    get diagnostics publications = row_count;
    if publications > 0 then
        perform @schema@.wake();
    end if;
    update @schema@.dead_letter as d set retry = true
        where d.id = any (dead_letter_retry.ids) and d.kind = 'event' and d.unreadable is null;
    get diagnostics events = row_count;
    if events > 0 then
        perform pg_notify(@mapping_channel_literal@, '');
    end if;
    return publications + events;
end $body$;

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
