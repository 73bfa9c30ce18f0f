-- Version 1 of the SQL interface. Run once, in one transaction, as the role that owns the schema.
--
-- Every name between at signs is replaced before: schema, owner's and sidecar's role as quoted identifiers, what ends in
-- _literal as string constants, keys as numbers. SECURITY DEFINER functions pin their search_path, except publish(), whose
-- every name, operator and type is qualified instead: SET costs a publisher a tenth of what publishing costs. Strings with
-- backslashes are written so that they mean the same whatever the caller's standard_conforming_strings is.

create table @schema@.meta (
    key text primary key,
    value text not null
);

create type @schema@.result as (args jsonb, kwargs jsonb);

-- The outbox. A row's transaction id is taken before its id, so that the relay can tell which ids are settled: therefore
-- the sequence must not cache, and nothing may insert past the default.
create sequence @schema@.outbox_id_seq as bigint cache 1;
create table @schema@.outbox (
    id bigint primary key
        default (case when pg_catalog.pg_current_xact_id() is not null
            then pg_catalog.nextval(@outbox_sequence_literal@::pg_catalog.regclass) end),
    created timestamptz not null default pg_catalog.now(),
    event_id uuid not null default pg_catalog.gen_random_uuid(),
    topic text not null,
    args jsonb,
    kwargs jsonb,
    options jsonb
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0,
    vacuum_truncate = off, toast.vacuum_truncate = off);
alter sequence @schema@.outbox_id_seq owned by @schema@.outbox.id;

-- What could not be delivered: publications that the router refused, events that a subscribed function refused.
create table @schema@.dead_letter (
    id bigint generated always as identity primary key,
    created timestamptz not null default pg_catalog.now(),
    kind text not null check (kind in ('publish', 'event')),
    outbox_id bigint,
    event_id uuid,
    topic text not null,
    args jsonb,
    kwargs jsonb,
    options jsonb,
    details jsonb,
    proc text,
    subscription text,
    error text,
    message text,
    attempts int not null default 0,
    retry boolean not null default false
);
create index dead_letter_created on @schema@.dead_letter (created);
create index dead_letter_retry on @schema@.dead_letter (id) where retry;

-- lz4 costs a large payload half of what pglz does, where the server was built with it.
do $compression$
declare
    relation text;
    name text;
begin
    foreach relation in array array['outbox', 'dead_letter'] loop
        foreach name in array array['args', 'kwargs'] loop
            execute pg_catalog.format('alter table %s.%I alter column %I set compression lz4',
                @schema_identifier_literal@, relation, name);
        end loop;
    end loop;
exception when feature_not_supported then
    null;
end $compression$;

-- What was registered from SQL. Names are texts: columns of type regprocedure would stop pg_upgrade.
create table @schema@.registration (
    id bigint generated always as identity primary key,
    uri text not null unique,
    proc text not null,
    signature text,
    options jsonb,
    registered_by text not null,
    created timestamptz not null default pg_catalog.now()
);
create table @schema@.subscription (
    id bigint generated always as identity primary key,
    topic text not null,
    proc text not null,
    options jsonb,
    registered_by text not null,
    created timestamptz not null default pg_catalog.now(),
    unique (topic, proc)
);

-- Which session leads: one row, stamped every few seconds.
create table @schema@.leader (
    single boolean primary key default true check (single),
    pid int not null,
    backend_start timestamptz,
    address text,
    application text,
    since timestamptz not null,
    stamp timestamptz not null
) with (fillfactor = 10);

-----------------------------------------------------------------------------------------------------------------------
-- Publishing

-- What is wrong with a URI, to stand behind its name; null if nothing is. `empty` says which components may be empty:
-- none, last (a prefix may end in a dot) or any (wildcards).
create function @schema@.uri_fault(uri text, empty text default 'none') returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $body$
    select case
        when uri is null then 'is null'
        when uri = '' then 'is empty'
        when uri ~ E'[\\s\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]' then 'contains white space'
        when uri ~ '#' then 'contains ''#'''
        when uri ~ E'[\\u0001-\\u001f\\u007f]' then 'contains a control character'
        when empty = 'none' and uri ~ E'^\\.|\\.\\.|\\.$' then 'has an empty component'
        when empty = 'last' and uri ~ E'^\\.|\\.\\.' then 'has an empty component'
        when uri = 'wamp' or starts_with(uri, 'wamp.') then 'begins with ''wamp'', which is the router''s own'
    end
$body$;

-- Raises what is wrong with a publication; else says whether it goes through the caller's port.
create function @schema@.refuse_publish(topic text, args jsonb, kwargs jsonb, options jsonb, autonomous boolean)
returns boolean language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    fault text := @schema@.uri_fault(refuse_publish.topic);
    known constant text[] := array['acknowledge', 'disclose_me', 'eligible', 'eligible_authid', 'eligible_authrole',
        'exclude', 'exclude_authid', 'exclude_authrole', 'exclude_me', 'retain'];
    option record;
begin
    if fault is not null then
        raise exception 'publish: the topic % %', coalesce(quote_ident(left(refuse_publish.topic, 200)), ''), fault
            using errcode = '22023';
    end if;
    if jsonb_typeof(refuse_publish.args) <> 'array' then
        raise exception 'publish: args must be a JSON array, but it is of type %', jsonb_typeof(refuse_publish.args)
            using errcode = '22023', hint = 'jsonb_build_array(..) makes one';
    end if;
    if jsonb_typeof(refuse_publish.kwargs) <> 'object' then
        raise exception 'publish: kwargs must be a JSON object, but it is of type %', jsonb_typeof(refuse_publish.kwargs)
            using errcode = '22023', hint = 'jsonb_build_object(..) makes one';
    end if;
    if refuse_publish.options is null then
        return coalesce(refuse_publish.autonomous, false);
    end if;
    if jsonb_typeof(refuse_publish.options) <> 'object' then
        raise exception 'publish: options must be a JSON object, but it is of type %',
            jsonb_typeof(refuse_publish.options) using errcode = '22023';
    end if;
    for option in select o.key, o.value, jsonb_typeof(o.value) as type from jsonb_each(refuse_publish.options) as o loop
        if not option.key = any (known) then
            raise exception 'publish: unknown option %', quote_ident(left(option.key, 200))
                using errcode = '22023', hint = 'known are ' || array_to_string(known, ', ');
        end if;
        if option.key in ('acknowledge', 'disclose_me', 'exclude_me', 'retain') then
            if option.type <> 'boolean' then
                raise exception 'publish: option % must be true or false, but it is of type %', option.key, option.type
                    using errcode = '22023';
            end if;
        elsif option.type <> 'array' then
            raise exception 'publish: option % must be an array, but it is of type %', option.key, option.type
                using errcode = '22023';
        elsif option.key in ('exclude', 'eligible') then
            if exists (select from jsonb_array_elements(option.value) as e(value)
                where case when jsonb_typeof(e.value) = 'number'
                    then not (e.value::numeric between 1 and 9007199254740992 and e.value::numeric % 1 = 0) else true end)
            then
                raise exception 'publish: option % must hold session ids, which are integers from 1 to 2^53', option.key
                    using errcode = '22023';
            end if;
        elsif exists (select from jsonb_array_elements(option.value) as e(value) where jsonb_typeof(e.value) <> 'string')
        then
            raise exception 'publish: option % must hold strings', option.key using errcode = '22023';
        end if;
    end loop;
    return coalesce(refuse_publish.autonomous, false)
        or coalesce((refuse_publish.options -> 'acknowledge')::boolean, false);
end $body$;

-- Asks the sidecar, through its port. Without dblink it says what an administrator has to run; see dblink.sql.
create function @schema@.ask(what text, name text, args jsonb, kwargs jsonb, options jsonb) returns @schema@.result
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    raise exception '%: the way to the sidecar is not set up', ask.what
        using errcode = 'WA003', hint = @administrator_literal@;
end $body$;

-- The router's publication id of an event that is published at once, whether or not the transaction commits.
create function @schema@.publish_at_once(topic text, args jsonb, kwargs jsonb, options jsonb) returns bigint
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    return ((@schema@.ask('publish', publish_at_once.topic, publish_at_once.args, publish_at_once.kwargs,
        publish_at_once.options)).args ->> 0)::bigint;
end $body$;

-- publish(topic, args, kwargs, options, autonomous): an event, published when and if the transaction commits. Returns the
-- outbox row's id. With autonomous => true or options '{"acknowledge": true}' it is published at once, and the router's
-- publication id is returned.
--
-- The row is the whole cost. The relay is woken only if it sleeps: then it holds the wake lock exclusively, and the shared
-- lock is refused. Granted, it is held to the end of the transaction, and the relay can't fall asleep before that. A leader that
-- has not stamped for a while does not hear: nobody is made to notify for it, and its scan once a second finds the row.
create function @schema@.publish(topic pg_catalog.text, args pg_catalog.jsonb default null,
    kwargs pg_catalog.jsonb default null, options pg_catalog.jsonb default null, autonomous pg_catalog.bool default false)
returns pg_catalog.int8 language plpgsql volatile parallel unsafe security definer as $body$
#variable_conflict use_column
declare
    event pg_catalog.int8;
    woken pg_catalog.text;
begin
    if (publish.options is null and publish.autonomous is not true
        and publish.topic operator(pg_catalog.~) @topic_pattern_literal@
        and not pg_catalog.starts_with(publish.topic, 'wamp.') and publish.topic operator(pg_catalog.<>) 'wamp'
        and (publish.args is null or pg_catalog.jsonb_typeof(publish.args) operator(pg_catalog.=) 'array')
        and (publish.kwargs is null or pg_catalog.jsonb_typeof(publish.kwargs) operator(pg_catalog.=) 'object')
    ) is not true then
        if @schema@.refuse_publish(publish.topic, publish.args, publish.kwargs, publish.options, publish.autonomous) then
            return @schema@.publish_at_once(publish.topic, publish.args, publish.kwargs, publish.options);
        end if;
    end if;
    insert into @schema@.outbox (topic, args, kwargs, options)
        values (publish.topic, publish.args, publish.kwargs, publish.options)
        returning id, (case when not pg_catalog.pg_try_advisory_xact_lock_shared(@wake_lock_1@, @wake_lock_2@)
            and coalesce(pg_catalog.current_setting('wamp.two_phase', true), '') operator(pg_catalog.<>) 'on'
            and exists (select from @schema@.leader as l where l.stamp operator(pg_catalog.>)
                (pg_catalog.clock_timestamp() operator(pg_catalog.-) interval '15 seconds'))
            then pg_catalog.pg_notify(@channel_literal@, '') end)::pg_catalog.text
        into event, woken;
    return event;
end $body$;

-- Wakes the relay like publish(), for rows that come another way.
create function @schema@.wake() returns void
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    if not pg_try_advisory_xact_lock_shared(@wake_lock_1@, @wake_lock_2@)
        and coalesce(current_setting('wamp.two_phase', true), '') <> 'on'
    then
        perform pg_notify(@channel_literal@, '');
    end if;
end $body$;

-- publish_row('com.example.item'): a trigger that publishes each row that is inserted, updated or deleted.
--
--     create trigger item_events after insert or update or delete on shop.item
--         for each row execute function @schema@.publish_row('com.example.item', 'id', 'name');
--
-- The first argument is the topic; the others name the columns that the event has, either one by one or as one array,
-- '{id,name}'; without them it has all. The event has no positional arguments, and these keyword arguments:
--
--     operation   INSERT, UPDATE or DELETE
--     schema      of the table
--     table       its name
--     row         the columns as they are now; not for DELETE
--     old         the columns as they were; not for INSERT
--
-- It is no SECURITY DEFINER function, because the row's values become JSON by casts that a user may have made: who changes
-- the table needs the right to publish.
create function @schema@.publish_row() returns trigger
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    names text[] := tg_argv[1:];
    payload jsonb := jsonb_build_object('operation', tg_op, 'schema', tg_table_schema, 'table', tg_table_name);
    before jsonb;
    after jsonb;
    missing text;
begin
    if tg_level <> 'ROW' or tg_nargs = 0 then
        raise exception 'publish_row: trigger % on %.% must be FOR EACH ROW, with the topic as its first argument',
            quote_ident(tg_name), quote_ident(tg_table_schema), quote_ident(tg_table_name) using errcode = '22023';
    end if;
    if tg_nargs = 2 and tg_argv[1] ~ E'^\\s*\\{.*\\}\\s*$' then
        names := tg_argv[1]::text[];
    end if;
    if tg_op <> 'INSERT' then before := to_jsonb(old); end if;
    if tg_op <> 'DELETE' then after := to_jsonb(new); end if;
    if cardinality(names) > 0 then
        select n into missing from unnest(names) as n where n is null or not coalesce(after, before) ? n limit 1;
        if found then
            raise exception 'publish_row: trigger % names the column %, which %.% does not have', quote_ident(tg_name),
                coalesce(quote_ident(missing), 'NULL'), quote_ident(tg_table_schema), quote_ident(tg_table_name)
                using errcode = '42703';
        end if;
        before := (select jsonb_object_agg(n, before -> n) from unnest(names) as n where before is not null);
        after := (select jsonb_object_agg(n, after -> n) from unnest(names) as n where after is not null);
    end if;
    if after is not null then payload := payload || jsonb_build_object('row', after); end if;
    if before is not null then payload := payload || jsonb_build_object('old', before); end if;
    perform @schema@.publish(tg_argv[0], null, payload);
    if tg_op = 'DELETE' then return old; end if;
    return new;
end $body$;

-----------------------------------------------------------------------------------------------------------------------
-- Calling

-- call_full(procedure, args, kwargs, options): calls a WAMP procedure, waits, and returns all of its result.
create function @schema@.call_full(procedure text, args jsonb default null, kwargs jsonb default null,
    options jsonb default null)
returns @schema@.result language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp as $body$
begin
    if call_full.procedure is null or call_full.procedure = '' then
        raise exception 'call: the procedure is %', case when call_full.procedure is null then 'null' else 'empty' end
            using errcode = '22023';
    end if;
    if jsonb_typeof(call_full.args) <> 'array' then
        raise exception 'call: args must be a JSON array, but it is of type %', jsonb_typeof(call_full.args)
            using errcode = '22023', hint = 'jsonb_build_array(..) makes one';
    end if;
    if jsonb_typeof(call_full.kwargs) <> 'object' then
        raise exception 'call: kwargs must be a JSON object, but it is of type %', jsonb_typeof(call_full.kwargs)
            using errcode = '22023', hint = 'jsonb_build_object(..) makes one';
    end if;
    if jsonb_typeof(call_full.options) <> 'object' then
        raise exception 'call: options must be a JSON object, but it is of type %', jsonb_typeof(call_full.options)
            using errcode = '22023';
    end if;
    return @schema@.ask('call', call_full.procedure, call_full.args, call_full.kwargs, call_full.options);
end $body$;

-- call(procedure, args, kwargs, options): the same; returns one positional result as it is, none as null, and anything
-- more as {"args": [..], "kwargs": {..}}.
create function @schema@.call(procedure text, args jsonb default null, kwargs jsonb default null,
    options jsonb default null)
returns jsonb language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    result @schema@.result := @schema@.call_full(call.procedure, call.args, call.kwargs, call.options);
    count int := coalesce(jsonb_array_length(result.args), 0);
begin
    if coalesce(result.kwargs, '{}') <> '{}' or count > 1 then
        return jsonb_build_object('args', coalesce(result.args, '[]'), 'kwargs', coalesce(result.kwargs, '{}'));
    end if;
    return result.args -> 0;
end $body$;

-- raise_error(uri, args, kwargs): ends the function that a WAMP call runs with this WAMP error.
create function @schema@.raise_error(uri text, args jsonb default null, kwargs jsonb default null) returns void
language plpgsql volatile parallel safe set search_path = pg_catalog, pg_temp as $body$
declare
    -- Errors of the router's own may be raised, wamp.error.invalid_argument for example.
    fault text := @schema@.uri_fault(case when raise_error.uri ~ E'^wamp\\.' then 'x.' || substr(raise_error.uri, 6)
        else raise_error.uri end);
begin
    if fault is not null then
        raise exception 'raise_error: the URI % %', coalesce(quote_ident(left(raise_error.uri, 200)), ''), fault
            using errcode = '22023';
    end if;
    if jsonb_typeof(raise_error.args) <> 'array' then
        raise exception 'raise_error: args must be a JSON array, but it is of type %', jsonb_typeof(raise_error.args)
            using errcode = '22023';
    end if;
    if jsonb_typeof(raise_error.kwargs) <> 'object' then
        raise exception 'raise_error: kwargs must be a JSON object, but it is of type %',
            jsonb_typeof(raise_error.kwargs) using errcode = '22023';
    end if;
    raise exception using errcode = 'WA000', message = raise_error.uri, detail = jsonb_build_object(
        'args', coalesce(raise_error.args, '[]'), 'kwargs', coalesce(raise_error.kwargs, '{}'));
end $body$;

-- binary(bytes): a value for jsonb that leaves the database as WAMP binary. jsonb can't hold the U+0000 that WAMP's JSON
-- begins a binary string with, so it is U+0001 here; base64 follows.
create function @schema@.binary(bytes bytea) returns jsonb
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $body$
    select to_jsonb(chr(1) || replace(encode(bytes, 'base64'), chr(10), ''))
$body$;

-----------------------------------------------------------------------------------------------------------------------
-- Registering

-- Why a function can't be what a registration or subscription runs, for the role that registered it, and the SQLSTATE of
-- that; null if it can.
--
-- A function that a low role registered is run by the sidecar, so nothing of what runs may run as the sidecar: it must be a
-- SECURITY DEFINER function of that role; defaults are evaluated, and values cast to domains, other types and JSON, as the
-- sidecar, so it may have no defaults and only types of PostgreSQL's own.
--
-- types: the signature as it is kept, so that it is found again by comparing texts; reading it as types needs rights in
-- their schemas, which the registrant has, and the interface's owner may not have.
create function @schema@.mapping_fault(proc text, signature text, registrant text, out code text, out message text,
    out types text, out stamp text)
language plpgsql stable parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    role record;
    parts text[];
    candidates oid[];
    entry record;
begin
    select r.oid, r.rolsuper or r.oid = n.nspowner as trusted into role
        from pg_roles as r, pg_namespace as n
        where r.rolname = mapping_fault.registrant and n.nspname = @schema_name_literal@;
    if not found then
        code := '42704';
        message := format('the role %I that registered it is no longer there', mapping_fault.registrant);
        return;
    end if;
    begin
        parts := parse_ident(mapping_fault.proc);
    exception when invalid_parameter_value then
        code := '42602';
        message := format('%L is not the name of a function', left(mapping_fault.proc, 200));
        return;
    end;
    if parts is null or cardinality(parts) <> 2 then
        code := '42602';
        message := format('%L must be the name of a function with its schema, like shop.item_get',
            left(mapping_fault.proc, 200));
        return;
    end if;
    if mapping_fault.signature is null then
        candidates := array(select p.oid from pg_proc as p, pg_namespace as n
            where n.oid = p.pronamespace and n.nspname = parts[1] and p.proname = parts[2] and p.prokind in ('f', 'p'));
    else
        candidates := array(select p.oid from pg_proc as p, pg_namespace as n
            where n.oid = p.pronamespace and n.nspname = parts[1] and p.proname = parts[2] and p.prokind in ('f', 'p')
                and oidvectortypes(p.proargtypes) = mapping_fault.signature);
    end if;
    if mapping_fault.signature is not null and cardinality(candidates) = 0 then
        begin
            candidates := array_remove(array[to_regprocedure(format('%I.%I(%s)', parts[1], parts[2],
                regexp_replace(mapping_fault.signature, E'^\\s*\\((.*)\\)\\s*$', E'\\1')))::oid], null);
        exception when others then
            code := '42601';
            message := format('the signature %L of %s is not a list of types: %s', left(mapping_fault.signature, 200),
                mapping_fault.proc, sqlerrm);
            return;
        end;
    end if;
    if cardinality(candidates) = 0 then
        code := '42883';
        message := format('there is no function %s%s', mapping_fault.proc,
            coalesce('(' || btrim(mapping_fault.signature, '() ') || ')', ''));
        return;
    elsif cardinality(candidates) > 1 then
        code := '42725';
        message := format('there are several functions %s; the signature has to say which', mapping_fault.proc);
        return;
    end if;
    select p.*, p.xmin as version, format('%I.%I(%s)', parts[1], parts[2], oidvectortypes(p.proargtypes)) as shown
        into entry from pg_proc as p where p.oid = candidates[1];
    types := case when mapping_fault.signature is not null then oidvectortypes(entry.proargtypes) end;
    if not (has_function_privilege(role.oid, entry.oid, 'execute')
        and has_schema_privilege(role.oid, entry.pronamespace, 'usage'))
    then
        code := '42501';
        message := format('the role %I may not execute %s', mapping_fault.registrant, entry.shown);
        return;
    end if;
    if role.trusted then
        return;
    end if;
    if not entry.prosecdef or entry.proowner <> role.oid then
        code := '42501';
        message := format('%s must be SECURITY DEFINER and owned by %I, since the sidecar runs it', entry.shown,
            mapping_fault.registrant);
        return;
    end if;
    if entry.pronargdefaults > 0 then
        code := '42501';
        message := format('%s has parameters with defaults, which the sidecar would evaluate; %I may not register such',
            entry.shown, mapping_fault.registrant);
        return;
    end if;
    if entry.prokind = 'p' or exists (
        select from unnest(coalesce(entry.proallargtypes, entry.proargtypes::oid[]) || entry.prorettype) as a(type),
            pg_type as t, pg_namespace as n
        where t.oid = a.type and n.oid = t.typnamespace and not (
            n.nspname = 'pg_catalog' and (t.typtype <> 'p' or t.typname = 'void'
                or t.typname = 'record' and entry.proallargtypes is not null)
            or n.nspname = @schema_name_literal@ and t.typname = 'result'))
    then
        code := '42501';
        message := format('%s must be a function whose parameters and result have types of PostgreSQL''s own, since the '
            'sidecar converts them; %I may not register another', entry.shown, mapping_fault.registrant);
        return;
    end if;
    stamp := entry.oid || ':' || entry.version;
end $body$;

-- Which version of its function a row of registration or subscription may run, as mapping_guard() takes it; null for any,
-- where the schema's owner or a superuser registered it. An error if it must not be run.
create function @schema@.mapping_stamp(kind text, id bigint) returns text
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    entry record;
    fault record;
begin
    select m.proc, m.signature, m.registered_by into entry from (
        select 'registration' as kind, r.id, r.proc, r.signature, r.registered_by from @schema@.registration as r
        union all
        select 'subscription', s.id, s.proc, null, s.registered_by from @schema@.subscription as s
    ) as m where m.kind = mapping_stamp.kind and m.id = mapping_stamp.id;
    if not found then
        raise exception 'it is registered no more' using errcode = '42704';
    end if;
    select f.code, f.message, f.stamp into fault
        from @schema@.mapping_fault(entry.proc, entry.signature, entry.registered_by) as f;
    if fault.message is not null then
        raise exception '%', fault.message using errcode = fault.code;
    end if;
    return fault.stamp;
end $body$;

-- True as long as the function is of the version that mapping_stamp() told; an error (42883) when it is another. The sidecar's
-- statement asks it when its plan is made and its function looked up, and before the function runs: so whoever changes the
-- function between the look and the call, and be it back and forth, is found out.
create function @schema@.mapping_guard(stamp text) returns boolean
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    perform from pg_proc as p where p.oid = split_part(mapping_guard.stamp, ':', 1)::oid
        and p.xmin::text = split_part(mapping_guard.stamp, ':', 2);
    if not found then
        raise exception 'the function was changed' using errcode = '42883';
    end if;
    return true;
end $body$;

-- What is wrong with the options of a registration or subscription; null if nothing is.
create function @schema@.mapping_option_fault(kind text, options jsonb, trusted boolean) returns text
language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp as $body$
declare
    option record;
begin
    if mapping_option_fault.options is null then
        return null;
    end if;
    if jsonb_typeof(mapping_option_fault.options) <> 'object' then
        return format('options must be a JSON object, but it is of type %s', jsonb_typeof(mapping_option_fault.options));
    end if;
    for option in
        select o.key, o.value, jsonb_typeof(o.value) as type, o.value #>> '{}' as text, k.type as wanted, k.form
        from jsonb_each(mapping_option_fault.options) as o left join (values
            ('match', 'both', 'string', '^(exact|prefix|wildcard)$'),
            ('concurrency', 'both', 'number', '^[1-9][0-9]{0,8}$'),
            ('timeout', 'both', 'string', '^[0-9]{1,15}(ms|s|m|h|d)$'),
            ('role', 'both', 'string', '.'),
            ('convention', 'both', 'string', '^(auto|raw|native)$'),
            ('retries', 'both', 'number', '^[0-9]{1,9}$'),
            ('invoke', 'registration', 'string', '^(single|roundrobin|random|first|last)$'),
            ('force_reregister', 'registration', 'boolean', '.'),
            ('roles', 'registration', 'object', '.'),
            ('results', 'registration', 'string', '^(auto|value|row|rows|args|kwargs)$'),
            ('max_rows', 'registration', 'number', '^[1-9][0-9]{0,17}$'),
            ('max_result_bytes', 'registration', 'string', '^[0-9]{1,15}([KMG]i?)?B$'),
            ('bigint', 'registration', 'string', '^(number|string)$'),
            ('errors', 'registration', 'string', '^(full|terse)$'),
            ('retained', 'subscription', 'boolean', '.')
        ) as k(key, kind, type, form) on k.key = o.key and k.kind in ('both', mapping_option_fault.kind)
    loop
        if option.wanted is null then
            return format('unknown option %I', left(option.key, 200));
        elsif option.type <> option.wanted or option.text !~ option.form then
            return format('option %s can''t be %s', option.key, left(option.value::text, 200));
        elsif option.key in ('role', 'roles') and not mapping_option_fault.trusted then
            return format('option %s is for the owner of schema %I and superusers', option.key, @schema_name_literal@);
        end if;
    end loop;
    return null;
end $body$;

-- Checks each row of registration and subscription, however it is inserted, and records who did it. No SECURITY DEFINER:
-- the current user is the one who registers.
create function @schema@.check_mapping() returns trigger
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    kind text := tg_table_name;
    uri text := to_jsonb(new) ->> case tg_table_name when 'registration' then 'uri' else 'topic' end;
    match text := coalesce(case when jsonb_typeof(new.options) = 'object' then new.options ->> 'match' end, 'exact');
    what text := case tg_table_name when 'registration' then 'register: the URI' else 'subscribe: the topic' end;
    verb text := case tg_table_name when 'registration' then 'register' else 'subscribe' end;
    trusted boolean;
    code text;
    fault text;
    types text;
begin
    if tg_op = 'UPDATE' then
        raise exception '%: a row can''t be changed; delete it and insert another', verb using errcode = '0A000';
    end if;
    new.registered_by := current_user;
    select r.rolsuper or r.oid = n.nspowner into trusted from pg_roles as r, pg_namespace as n
        where r.rolname = current_user and n.nspname = @schema_name_literal@;
    fault := @schema@.mapping_option_fault(kind, new.options, trusted);
    if fault is not null then
        raise exception '%: %', verb, fault using errcode = '22023';
    end if;
    fault := @schema@.uri_fault(uri, case match when 'wildcard' then 'any' when 'prefix' then 'last' else 'none' end);
    if fault is not null then
        raise exception '% % %', what, coalesce(quote_ident(left(uri, 200)), ''), fault using errcode = '22023';
    end if;
    select f.code, f.message, f.types into code, fault, types
        from @schema@.mapping_fault(new.proc, to_jsonb(new) ->> 'signature', current_user) as f;
    if fault is not null then
        raise exception '%: %: %', verb, uri, fault using errcode = code;
    end if;
    if tg_table_name = 'registration' then
        new.signature := types;
    end if;
    return new;
end $body$;

-- Only who registered it, its members, the schema's owner and superusers may take it away.
create function @schema@.check_removal() returns trigger
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    if current_user = old.registered_by
        or exists (select from pg_roles as r where r.rolname = old.registered_by
            and pg_has_role(current_user, r.oid, 'member'))
        or exists (select from pg_roles as r, pg_namespace as n where r.rolname = current_user
            and n.nspname = @schema_name_literal@ and (r.rolsuper or r.oid = n.nspowner))
    then
        return old;
    end if;
    raise exception 'unregister: % belongs to %', coalesce(to_jsonb(old) ->> 'uri', to_jsonb(old) ->> 'topic'),
        quote_ident(old.registered_by) using errcode = '42501';
end $body$;

-- Tells the sidecar, when the transaction commits.
create function @schema@.mapping_changed() returns trigger
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    perform pg_notify(@mapping_channel_literal@, '');
    return null;
end $body$;

create trigger check_mapping before insert or update on @schema@.registration
    for each row execute function @schema@.check_mapping();
create trigger check_mapping before insert or update on @schema@.subscription
    for each row execute function @schema@.check_mapping();
create trigger check_removal before delete on @schema@.registration
    for each row execute function @schema@.check_removal();
create trigger check_removal before delete on @schema@.subscription
    for each row execute function @schema@.check_removal();
create trigger mapping_changed after insert or delete or truncate on @schema@.registration
    for each statement execute function @schema@.mapping_changed();
create trigger mapping_changed after insert or delete or truncate on @schema@.subscription
    for each statement execute function @schema@.mapping_changed();

-- register(uri, proc, signature, options): from the commit on, WAMP calls of the URI run the function.
create function @schema@.register(uri text, proc text, signature text default null, options jsonb default null)
returns bigint language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    there record;
    made bigint;
begin
    insert into @schema@.registration (uri, proc, signature, options)
        values (register.uri, register.proc, register.signature, register.options)
        on conflict do nothing returning id into made;
    if found then
        return made;
    end if;
    select r.proc, r.registered_by into there from @schema@.registration as r where r.uri = register.uri;
    raise exception 'register: % can''t be registered for %, since % registered it for %', register.uri, register.proc,
        coalesce(quote_ident(there.registered_by), 'another transaction'), coalesce(there.proc, 'another function')
        using errcode = '23505', hint = format('select %s.unregister(%L) takes it away',
            @schema_identifier_literal@, register.uri);
end $body$;

-- unregister(uri): true if it was registered from SQL.
create function @schema@.unregister(uri text) returns boolean
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    delete from @schema@.registration as r where r.uri = unregister.uri;
    return found;
end $body$;

-- subscribe(topic, proc, options): from the commit on, the function runs for each event of the topic.
create function @schema@.subscribe(topic text, proc text, options jsonb default null)
returns bigint language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    there record;
    made bigint;
begin
    insert into @schema@.subscription (topic, proc, options) values (subscribe.topic, subscribe.proc, subscribe.options)
        on conflict do nothing returning id into made;
    if found then
        return made;
    end if;
    select s.registered_by into there from @schema@.subscription as s
        where s.topic = subscribe.topic and s.proc = subscribe.proc;
    raise exception 'subscribe: % is subscribed for % already, by %', subscribe.topic, subscribe.proc,
        coalesce(quote_ident(there.registered_by), 'another transaction')
        using errcode = '23505', hint = format('select %s.unsubscribe(%L, %L) takes it away',
            @schema_identifier_literal@, subscribe.topic, subscribe.proc);
end $body$;

-- unsubscribe(topic, proc): true if it was subscribed from SQL.
create function @schema@.unsubscribe(topic text, proc text) returns boolean
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    delete from @schema@.subscription as s where s.topic = unsubscribe.topic and s.proc = unsubscribe.proc;
    return found;
end $body$;

-----------------------------------------------------------------------------------------------------------------------
-- The sidecar's own

-- Whether this is the database that the interface was installed in, and not a copy of it.
create function @schema@.is_original() returns boolean
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    kept text := (select m.value from @schema@.meta as m where m.key = 'system_identifier');
begin
    if (select m.value from @schema@.meta as m where m.key = 'database') is distinct from current_database()::text then
        return false;
    end if;
    return coalesce(kept, '') = '' or kept = (select s.system_identifier::text from pg_control_system() as s);
exception when insufficient_privilege then
    return true;
end $body$;

create function @schema@.sidecar_hello()
returns table (version int, least_binary text, is_original boolean, dblink_schema text, publishers text[],
    registrars text[])
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    return query select
        (select m.value::int from @schema@.meta as m where m.key = 'version'),
        (select m.value from @schema@.meta as m where m.key = 'least_binary'),
        @schema@.is_original(),
        (select m.value from @schema@.meta as m where m.key = 'dblink_schema'),
        @schema@.grantees('publish'),
        @schema@.grantees('register');
end $body$;

-- Who besides its owner may execute a function of the interface.
create function @schema@.grantees(name text) returns text[]
language sql stable parallel safe set search_path = pg_catalog, pg_temp as $body$
    select coalesce(array_agg(distinct coalesce(r.rolname::text, 'PUBLIC') order by coalesce(r.rolname::text, 'PUBLIC')), '{}')
    from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
        cross join aclexplode(p.proacl) as a
        left join pg_roles as r on r.oid = a.grantee
    where n.nspname = @schema_name_literal@ and p.proname = grantees.name and a.privilege_type = 'EXECUTE'
        and a.grantee <> p.proowner
$body$;

-- Refuses unless this session leads, or nobody does.
create function @schema@.require_leadership() returns void
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    if not pg_try_advisory_xact_lock(@leader_lock_1@, @leader_lock_2@) then
        raise exception 'this session does not lead: another one holds the lock' using errcode = '42501';
    end if;
end $body$;

-- A mark: when every transaction before xid has ended, no row with an id up to last_id can appear any more. So the id must
-- be read before the transaction id is taken.
create function @schema@.relay_mark() returns table (last_id bigint, xid text)
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    perform @schema@.require_leadership();
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'relay_mark: must be the first statement of its transaction' using errcode = '25001';
    end if;
    select case when s.is_called then s.last_value else 0 end into relay_mark.last_id from @schema@.outbox_id_seq as s;
    relay_mark.xid := pg_current_xact_id()::text;
    return next;
end $body$;

-- Rows in the order of their ids, behind bound: at most `rows`, and none behind the one with which `octets` are reached.
-- The payload is looked at row by row, so that large ones are never all in memory.
create function @schema@.relay_read(bound bigint, rows int, octets int, held text[] default null)
returns table (id bigint, event_id uuid, topic text, args text, kwargs text, options text)
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off set jit = off as $body$
declare
    entry record;
    taken bigint := 0;
begin
    perform @schema@.require_leadership();
    for entry in
        select o.id, o.event_id, o.topic, o.args, o.kwargs, o.options from @schema@.outbox as o
        where o.id > relay_read.bound and (relay_read.held is null or o.topic <> all (relay_read.held))
        order by o.id limit relay_read.rows
    loop
        id := entry.id;
        event_id := entry.event_id;
        topic := entry.topic;
        args := entry.args;
        kwargs := entry.kwargs;
        options := entry.options;
        return next;
        taken := taken + octet_length(topic) + coalesce(octet_length(args), 0) + coalesce(octet_length(kwargs), 0)
            + coalesce(octet_length(options), 0);
        exit when taken >= relay_read.octets;
    end loop;
end $body$;

create function @schema@.relay_delete(ids bigint[]) returns int
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off set jit = off as $body$
declare
    count int;
begin
    perform @schema@.require_leadership();
    delete from @schema@.outbox as o where o.id = any (relay_delete.ids);
    get diagnostics count = row_count;
    return count;
end $body$;

create function @schema@.relay_bury(id bigint, error text, message text, attempts int) returns boolean
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    perform @schema@.require_leadership();
    with gone as (
        delete from @schema@.outbox as o where o.id = relay_bury.id returning o.*
    )
    insert into @schema@.dead_letter (kind, outbox_id, event_id, topic, args, kwargs, options, error, message, attempts)
        select 'publish', g.id, g.event_id, g.topic, g.args, g.kwargs, g.options, relay_bury.error, relay_bury.message,
            coalesce(relay_bury.attempts, 0)
        from gone as g;
    return found;
end $body$;

-- Gives back what a backlog has used. Only if the table is empty as seen under the lock, by a snapshot taken after it.
create function @schema@.relay_truncate() returns boolean
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    perform @schema@.require_leadership();
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'relay_truncate: needs isolation level read committed' using errcode = '25001';
    end if;
    lock table @schema@.outbox in access exclusive mode nowait;
    if exists (select from @schema@.outbox) then
        return false;
    end if;
    truncate @schema@.outbox;
    return true;
exception when lock_not_available then
    return false;
end $body$;

-- Writes who leads. `since` is kept while it is the same session.
create function @schema@.leader_write(application text, backend_start timestamptz) returns void
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    perform @schema@.require_leadership();
    insert into @schema@.leader as l (pid, backend_start, address, application, since, stamp)
        values (pg_backend_pid(), leader_write.backend_start, host(inet_client_addr()), leader_write.application,
            clock_timestamp(), clock_timestamp())
        on conflict (single) do update set pid = excluded.pid, backend_start = excluded.backend_start,
            address = excluded.address, application = excluded.application, stamp = excluded.stamp,
            since = case when l.pid = excluded.pid and l.backend_start is not distinct from excluded.backend_start
                then l.since else excluded.since end;
end $body$;

-- The session's own row of pg_stat_activity shows its start to its own role, not to the interface's owner: no SECURITY
-- DEFINER.
create function @schema@.leader_stamp(application text) returns void
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    perform @schema@.leader_write(leader_stamp.application,
        (select a.backend_start from pg_stat_get_activity(pg_backend_pid()) as a));
end $body$;

create function @schema@.leader_read()
returns table (pid int, backend_start timestamptz, address text, application text, since timestamptz, age float8)
language sql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $body$
    select l.pid, l.backend_start, l.address, l.application, l.since,
        extract(epoch from clock_timestamp() - l.stamp)::float8
    from @schema@.leader as l
$body$;

create function @schema@.event_bury(subscription text, topic text, args jsonb, kwargs jsonb, details jsonb, proc text,
    error text, message text, attempts int)
returns bigint language plpgsql volatile parallel unsafe security definer
set search_path = pg_catalog, pg_temp as $body$
#variable_conflict use_column
declare
    buried bigint;
begin
    insert into @schema@.dead_letter (kind, subscription, topic, args, kwargs, details, proc, error, message, attempts)
        values ('event', event_bury.subscription, event_bury.topic, event_bury.args, event_bury.kwargs,
            event_bury.details, event_bury.proc, event_bury.error, event_bury.message, coalesce(event_bury.attempts, 0))
        returning id into buried;
    return buried;
end $body$;

-- What was registered from SQL. fault: why it must not be run any more; what registered it was changed since.
create function @schema@.mapping_rows()
returns table (kind text, id bigint, uri text, proc text, signature text, options text, registered_by text, fault text)
language sql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
    select 'registration', r.id, r.uri, r.proc, r.signature, r.options::text, r.registered_by, f.message
    from @schema@.registration as r
        cross join lateral @schema@.mapping_fault(r.proc, r.signature, r.registered_by) as f
    union all
    select 'subscription', s.id, s.topic, s.proc, null, s.options::text, s.registered_by, f.message
    from @schema@.subscription as s cross join lateral @schema@.mapping_fault(s.proc, null, s.registered_by) as f
    order by 1, 2
$body$;

create function @schema@.dead_letter_list(kind text default null, topic text default null, most int default 100)
returns setof @schema@.dead_letter language sql stable parallel safe security definer
set search_path = pg_catalog, pg_temp as $body$
    select d.* from @schema@.dead_letter as d
    where (dead_letter_list.kind is null or d.kind = dead_letter_list.kind)
        and (dead_letter_list.topic is null or d.topic = dead_letter_list.topic)
    order by d.id limit dead_letter_list.most
$body$;

-- Tries again: publications go back to the outbox, at its end; events are run by the leader. Returns how many.
create function @schema@.dead_letter_retry(ids bigint[]) returns int
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
    update @schema@.dead_letter as d set retry = true where d.id = any (dead_letter_retry.ids) and d.kind = 'event';
    get diagnostics events = row_count;
    if events > 0 then
        perform pg_notify(@mapping_channel_literal@, '');
    end if;
    return publications + events;
end $body$;

create function @schema@.dead_letter_delete(ids bigint[]) returns int
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    count int;
begin
    delete from @schema@.dead_letter as d where d.id = any (dead_letter_delete.ids);
    get diagnostics count = row_count;
    return count;
end $body$;

create function @schema@.dead_letter_expire(keep interval) returns int
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    count int;
begin
    delete from @schema@.dead_letter as d where d.created < now() - dead_letter_expire.keep and not d.retry;
    get diagnostics count = row_count;
    return count;
end $body$;

create function @schema@.event_retries(most int default 100)
returns table (id bigint, subscription text, topic text, args text, kwargs text, details text, proc text)
language sql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $body$
    select d.id, d.subscription, d.topic, d.args::text, d.kwargs::text, d.details::text, d.proc
    from @schema@.dead_letter as d where d.retry order by d.id limit event_retries.most
$body$;

create function @schema@.event_retried(id bigint, failed boolean, error text, message text) returns void
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    if event_retried.failed then
        update @schema@.dead_letter as d set retry = false, attempts = d.attempts + 1, error = event_retried.error,
            message = event_retried.message
            where d.id = event_retried.id and d.kind = 'event';
    else
        delete from @schema@.dead_letter as d where d.id = event_retried.id and d.kind = 'event';
    end if;
end $body$;

-- Brings the foreign server and the owner's user mapping in step with the sidecar's file. Only what differs is changed,
-- and the password is in no statement that a client sent; errors are raised anew, so that none shows the statement.
create function @schema@.port_configure(options text[], username text, password text, key text) returns void
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    server record;
    wanted text[] := array(
        select port_configure.options[2 * n - 1] || '=' || port_configure.options[2 * n]
        from generate_series(1, cardinality(port_configure.options) / 2) as n order by 1);
    mapped text[];
    changes text;
    fault text;
begin
    select s.oid, array(select o from unnest(s.srvoptions) as o order by 1) as given into server
        from pg_foreign_server as s where s.srvname = @server_name_literal@;
    if not found then
        raise exception 'the foreign server % is not there', quote_ident(@server_name_literal@)
            using errcode = 'WA003', hint = @administrator_literal@;
    end if;
    if cardinality(coalesce(port_configure.options, '{}')) % 2 <> 0
        or array_position(port_configure.options, null) is not null
        or port_configure.username is null or port_configure.password is null or port_configure.key is null
    then
        raise exception 'port_configure: options must be pairs of names and values, and nothing may be null'
            using errcode = '22023';
    end if;
    if server.given <> wanted then
        select string_agg(c.change, ', ') into changes from (
            select format('drop %I', o.option_name) as change from pg_options_to_table(server.given) as o
            where not exists (select from pg_options_to_table(wanted) as w where w.option_name = o.option_name)
            union all
            select format(case when o.option_name is null then 'add %I %L' else 'set %I %L' end, w.option_name,
                w.option_value)
            from pg_options_to_table(wanted) as w left join pg_options_to_table(server.given) as o
                on o.option_name = w.option_name
            where o.option_value is distinct from w.option_value
        ) as c;
        execute format('alter server %I options (%s)', @server_name_literal@, changes);
    end if;
    select array(select o from unnest(u.umoptions) as o order by 1) into mapped from pg_user_mappings as u
        where u.srvid = server.oid and u.usename = current_user;
    if not found then
        execute format('create user mapping for current_user server %I options (user %L, password %L)',
            @server_name_literal@, port_configure.username, port_configure.password);
    elsif mapped <> array['password=' || port_configure.password, 'user=' || port_configure.username] then
        execute format('drop user mapping for current_user server %I', @server_name_literal@);
        execute format('create user mapping for current_user server %I options (user %L, password %L)',
            @server_name_literal@, port_configure.username, port_configure.password);
    end if;
    insert into @schema@.meta as m (key, value) values ('port_key', port_configure.key)
        on conflict on constraint meta_pkey do update set value = excluded.value where m.value <> excluded.value;
exception
    when sqlstate 'WA003' or invalid_parameter_value then
        raise;
    when others then
        get stacked diagnostics fault = message_text;
        if port_configure.password <> '' and strpos(fault, port_configure.password) > 0 then
            fault := 'the options of the foreign server or the user mapping are refused';
        end if;
        raise exception 'port_configure: %', fault using errcode = sqlstate;
end $body$;

insert into @schema@.meta (key, value) values
    ('version', '1'),
    ('least_binary', '0.1.0'),
    ('wake_lock_1', '@wake_lock_1@'),
    ('wake_lock_2', '@wake_lock_2@'),
    ('leader_lock_1', '@leader_lock_1@'),
    ('leader_lock_2', '@leader_lock_2@'),
    ('channel', @channel_literal@),
    ('mapping_channel', @mapping_channel_literal@);

revoke all on schema @schema@ from public;
revoke all on all tables in schema @schema@ from public;
revoke all on all sequences in schema @schema@ from public;
revoke all on all routines in schema @schema@ from public;
revoke all on type @schema@.result from public;
