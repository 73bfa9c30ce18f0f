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

-- A mark: when every transaction before xid has ended, no row with an id up to last_id can appear any more. So the id must
-- be read before the transaction id is taken. `sequence` says which sequence it was: another number stands there once it
-- has been restarted, and all marks of before are void.
drop function @schema@.relay_mark();
create function @schema@.relay_mark() returns table (last_id bigint, xid text, sequence bigint)
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    perform @schema@.require_leadership();
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'relay_mark: must be the first statement of its transaction' using errcode = '25001';
    end if;
    -- Locks the sequence to the end of the transaction: it is not restarted between this and the next line.
    select case when s.is_called then s.last_value else 0 end into relay_mark.last_id from @schema@.outbox_id_seq as s;
    relay_mark.sequence := pg_relation_filenode(@outbox_sequence_literal@::regclass)::bigint;
    relay_mark.xid := pg_current_xact_id()::text;
    return next;
end $body$;
revoke all on function @schema@.relay_mark() from public;

-- Rows in the order of their ids: those that `ids` names, all of which are up to bound, and those behind bound up to `upto`;
-- a bound of null is before the first. At most `rows`, and none behind the one with which `octets` are reached. Nothing of a
-- topic in `held`; if `wanted` is there, nothing of any other topic. All is seen by one snapshot: a row with a low id that
-- commits later than one with a high id must not be overtaken by the next row of its own session.
--
-- Each row is measured here, before anything of it is sent. One with more octets of text than `largest`, or whose text can't
-- be made, comes without its values and says why: `fault` begins with the SQLSTATE. It is that row's fault and stops no other.
--
-- If the sequence is another one than `sequence` says, or has gone back behind the bound, there is one row of nulls and
-- nothing else: what was known of the ids is void.
drop function @schema@.relay_read(bigint, int, int, text[]);
create function @schema@.relay_read(bound bigint, rows int, octets int, held text[] default null,
    largest int default 16777216, ids bigint[] default null, upto bigint default 9223372036854775807,
    wanted text[] default null, sequence bigint default null)
returns table (id bigint, event_id uuid, topic text, args text, kwargs text, options text, fault text)
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off set jit = off as $body$
declare
    entry record;
    taken bigint := 0;
    count int := 0;
    size bigint;
    is_unmade boolean;
    is_reading boolean := false;
    first bigint := '-9223372036854775808';
    lowest bigint := first;
    code text;
    words text;
begin
    perform @schema@.require_leadership();
    if relay_read.sequence <> pg_relation_filenode(@outbox_sequence_literal@::regclass)::bigint
        or relay_read.sequence is not null
            and coalesce(pg_sequence_last_value(@outbox_sequence_literal@::regclass), 0) < relay_read.bound
    then
        return next;
        return;
    end if;
    if relay_read.bound = 9223372036854775807 then
        relay_read.upto := null;
    elsif relay_read.bound is not null then
        lowest := relay_read.bound + 1;
    end if;
    <<batch>>
    loop
        begin
            for entry in
                (select o.id, o.event_id, o.topic, o.args, o.kwargs, o.options from @schema@.outbox as o
                where o.id = any (relay_read.ids) and o.id >= first
                    and (relay_read.held is null or o.topic not in (select unnest(relay_read.held))) is not false
                    and (relay_read.wanted is null or o.topic in (select unnest(relay_read.wanted)))
                order by o.id)
                union all
                (select o.id, o.event_id, o.topic, o.args, o.kwargs, o.options from @schema@.outbox as o
                where o.id >= greatest(first, lowest) and o.id <= relay_read.upto
                    and (relay_read.held is null or o.topic not in (select unnest(relay_read.held))) is not false
                    and (relay_read.wanted is null or o.topic in (select unnest(relay_read.wanted)))
                order by o.id limit relay_read.rows)
            loop
                exit batch when count >= relay_read.rows;
                is_reading := true;
                id := entry.id;
                event_id := entry.event_id;
                topic := entry.topic;
                -- A text takes seconds to make where control characters are escaped, and no text is a quarter of what jsonb
                -- takes for it. What is small as it is stored isn't unpacked for that.
                size := 0;
                is_unmade := pg_column_size(entry.args) > relay_read.largest / 128
                    or pg_column_size(entry.kwargs) > relay_read.largest / 128;
                if is_unmade then
                    size := coalesce(pg_column_size(entry.args || '[]'), 0) + coalesce(pg_column_size(entry.kwargs || '{}'), 0);
                    is_unmade := size / 4 > relay_read.largest;
                end if;
                if is_unmade is not true then
                    args := entry.args;
                    kwargs := entry.kwargs;
                    options := entry.options;
                    size := coalesce(octet_length(topic), 0) + coalesce(octet_length(args), 0)
                        + coalesce(octet_length(kwargs), 0) + coalesce(octet_length(options), 0);
                end if;
                is_reading := false;
                if is_unmade or size > relay_read.largest then
                    topic := left(topic, 1000);
                    args := null;
                    kwargs := null;
                    options := null;
                    fault := format('54000 its %s %s octets, and the router takes %s',
                        case when is_unmade then 'values take' else 'text has' end, size, relay_read.largest);
                    return next;
                    fault := null;
                else
                    return next;
                    taken := taken + size;
                    exit batch when taken >= relay_read.octets;
                end if;
                count := count + 1;
            end loop;
            exit;
        exception when others then
            get stacked diagnostics code = returned_sqlstate, words = message_text;
            if not is_reading or left(code, 2) in ('25', '40', '57') then
                raise;
            end if;
            is_reading := false;
            id := entry.id;
            event_id := entry.event_id;
            topic := case when left(code, 2) <> 'XX' then left(entry.topic, 1000) end;
            args := null;
            kwargs := null;
            options := null;
            fault := format('%s its text can''t be made: %s', code, words);
            return next;
            fault := null;
            count := count + 1;
            exit when id = 9223372036854775807;
            first := id + 1;
        end;
    end loop;
end $body$;
revoke all on function @schema@.relay_read(bigint, int, int, text[], int, bigint[], bigint, text[], bigint) from public;

-- Moves a row to the dead letters, within the server. Values that can't be read stay behind: the letter says so.
create or replace function @schema@.relay_bury(id bigint, error text, message text, attempts int) returns boolean
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off set jit = off as $body$
declare
    words text;
begin
    perform @schema@.require_leadership();
    begin
        with gone as (
            delete from @schema@.outbox as o where o.id = relay_bury.id returning o.*
        )
        insert into @schema@.dead_letter (kind, outbox_id, event_id, topic, args, kwargs, options, error, message, attempts)
            select 'publish', g.id, g.event_id, coalesce(g.topic, ''), g.args, g.kwargs, g.options, relay_bury.error,
                relay_bury.message, coalesce(relay_bury.attempts, 0)
            from gone as g;
        return found;
    exception when data_corrupted or index_corrupted or internal_error or program_limit_exceeded or data_exception then
        get stacked diagnostics words = message_text;
    end;
    with gone as (
        delete from @schema@.outbox as o where o.id = relay_bury.id returning o.id, o.event_id
    )
    insert into @schema@.dead_letter (kind, outbox_id, event_id, topic, error, message, attempts)
        select 'publish', g.id, g.event_id, '', relay_bury.error,
            format('%s; topic and values could not be kept: %s', relay_bury.message, words),
            coalesce(relay_bury.attempts, 0)
        from gone as g;
    return found;
end $body$;

-----------------------------------------------------------------------------------------------------------------------
-- Leadership

-- The lease: who leads is the session that this row names, and that has the row's token in its setting wamp.lease. Nobody
-- but the interface's functions can write the row; what other sessions lock is of no account. Without a pid it is free. A
-- sidecar keeps its token for as long as it runs: so one that comes back sees whether another has led meanwhile.
delete from @schema@.leader;
alter table @schema@.leader alter pid drop not null, add column session_role oid, add column token uuid;

drop function @schema@.leader_stamp(text);
drop function @schema@.leader_write(text, timestamptz);
drop function @schema@.leader_read();

-- Refuses unless this session has the lease. Its lock does no harm to any reader, and keeps the lease where it is until the
-- transaction ends: leader_write() waits for it.
create or replace function @schema@.require_leadership() returns void
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    lock table @schema@.leader in row share mode;
    if not exists (
        select from @schema@.leader as l
        where l.pid = pg_backend_pid() and l.token::text = current_setting('wamp.lease', true)
    ) then
        raise exception 'this session does not lead: it does not have the lease' using errcode = '42501';
    end if;
end $body$;

create function @schema@.leader_read()
returns table (pid int, backend_start timestamptz, session_role oid, address text, application text, since timestamptz,
    age float8)
language sql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $body$
    select l.pid, l.backend_start, l.session_role, l.address, l.application, l.since,
        extract(epoch from clock_timestamp() - l.stamp)::float8
    from @schema@.leader as l where l.pid is not null
$body$;

-- Compare and set: writes this session into the row if it still names the session that is given as the last holder (none if
-- it is null), and, where that one is there still, has not been stamped for a while. `continued` says that the last who led
-- was the same sidecar.
create function @schema@.leader_write(token uuid, application text, backend_start timestamptz, session_role oid,
    last_pid int, last_start timestamptz, is_there boolean, out taken boolean, out continued boolean)
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    last record;
begin
    -- What the last holder has under way ends first; then it sees that it does not lead.
    lock table @schema@.leader in exclusive mode;
    select l.pid, l.backend_start, l.token, l.stamp into last from @schema@.leader as l;
    taken := last.pid is not distinct from leader_write.last_pid
        and last.backend_start is not distinct from leader_write.last_start
        and (not leader_write.is_there or last.stamp < clock_timestamp() - interval '15 seconds');
    continued := taken and last.token is not distinct from leader_write.token;
    if not taken then
        return;
    end if;
    insert into @schema@.leader as l (pid, backend_start, session_role, token, address, application, since, stamp)
        values (pg_backend_pid(), leader_write.backend_start, leader_write.session_role, leader_write.token,
            host(inet_client_addr()), leader_write.application, clock_timestamp(), clock_timestamp())
        on conflict (single) do update set pid = excluded.pid, backend_start = excluded.backend_start,
            session_role = excluded.session_role, token = excluded.token, address = excluded.address,
            application = excluded.application, since = excluded.since, stamp = excluded.stamp;
end $body$;

-- Takes the lease if it is free: nobody has it, or its session is no more. One that is there but has not stamped for twice as
-- long as it is given is passed over: it could not be ended. Else says who leads. A session shows its start to its own role,
-- not to the interface's owner, so no SECURITY DEFINER; where it isn't shown, pid and role have to do.
create function @schema@.leader_take(token uuid, application text, out taken boolean, out continued boolean, out pid int,
    out address text, out holder text, out since timestamptz, out age float8)
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    last record;
    own record;
    is_there boolean;
begin
    taken := false;
    continued := false;
    select a.backend_start, a.usesysid into own from pg_stat_get_activity(pg_backend_pid()) as a;
    select r.* into last from @schema@.leader_read() as r;
    is_there := last.pid is not null and last.pid <> pg_backend_pid() and exists (
        select from pg_stat_get_activity(last.pid) as a
        where a.usesysid = last.session_role and coalesce(a.backend_start = last.backend_start, true));
    if not is_there or last.age >= 30 then
        begin
            select w.taken, w.continued into taken, continued
            from @schema@.leader_write(leader_take.token, leader_take.application, own.backend_start, own.usesysid,
                last.pid, last.backend_start, is_there) as w;
        exception when lock_not_available then
            -- Another takes it, or the last holder still has something under way.
            null;
        end;
    end if;
    if taken then
        perform set_config('wamp.lease', leader_take.token::text, false);
    elsif is_there then
        pid := last.pid;
        address := last.address;
        holder := last.application;
        since := last.since;
        age := last.age;
    end if;
end $body$;

-- The leader is alive. False if it does not lead any more.
create function @schema@.leader_stamp() returns boolean
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    update @schema@.leader as l set stamp = clock_timestamp()
        where l.pid = pg_backend_pid() and l.token::text = current_setting('wamp.lease', true);
    return found;
end $body$;

-- The leader gives the lease back. False if it did not have it.
create function @schema@.leader_release() returns boolean
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    update @schema@.leader as l set pid = null, backend_start = null, session_role = null, stamp = '-infinity'
        where l.pid = pg_backend_pid() and l.token::text = current_setting('wamp.lease', true);
    return found;
end $body$;

revoke all on function @schema@.leader_read() from public;
revoke all on function @schema@.leader_write(uuid, text, timestamptz, oid, int, timestamptz, boolean) from public;
revoke all on function @schema@.leader_take(uuid, text) from public;
revoke all on function @schema@.leader_stamp() from public;
revoke all on function @schema@.leader_release() from public;

-----------------------------------------------------------------------------------------------------------------------
-- Registering

-- The ids of the rows of registration or subscription behind one, in their order, with spaces between: cheap, since the
-- sidecar asks at each change. What it does not know yet, or wants to check, it reads by mapping_page().
create function @schema@.mapping_list(kind text, after bigint, most int) returns text
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    if mapping_list.kind = 'registration' then
        return (select string_agg(l.id::text, ' ' order by l.id) from (
            select r.id from @schema@.registration as r where r.id > mapping_list.after order by r.id
            limit mapping_list.most) as l);
    end if;
    return (select string_agg(l.id::text, ' ' order by l.id) from (
        select s.id from @schema@.subscription as s where s.id > mapping_list.after order by s.id
        limit mapping_list.most) as l);
end $body$;

-- These rows of registration or subscription, those that there are. fault: as in mapping_rows().
create function @schema@.mapping_page(of_kind text, ids bigint[])
returns table (kind text, id bigint, uri text, proc text, signature text, options text, registered_by text, fault text)
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
#variable_conflict use_column
begin
    if mapping_page.of_kind = 'registration' then
        return query select 'registration', r.id, r.uri, r.proc, r.signature, r.options::text, r.registered_by, f.message
            from @schema@.registration as r
                cross join lateral @schema@.mapping_fault(r.proc, r.signature, r.registered_by) as f
            where r.id = any (mapping_page.ids) order by r.id;
        return;
    end if;
    return query select 'subscription', s.id, s.topic, s.proc, null::text, s.options::text, s.registered_by, f.message
        from @schema@.subscription as s
            cross join lateral @schema@.mapping_fault(s.proc, null, s.registered_by) as f
        where s.id = any (mapping_page.ids) order by s.id;
end $body$;

revoke all on function @schema@.mapping_list(text, bigint, int), @schema@.mapping_page(text, bigint[]) from public;

-----------------------------------------------------------------------------------------------------------------------
-- The call port

-- What the port and ask() prove to one another that they know: made once for each database that the interface is the original in, and
-- told to nobody but the sidecar that leads. Beside it the two blocks that HMAC-SHA-256 makes of it.
create table @schema@.port_key (
    singleton boolean primary key default true check (singleton),
    made_for text not null,
    key bytea not null,
    inner_block bytea not null,
    outer_block bytea not null
);

delete from @schema@.meta as m where m.key = 'port_key';

-- HMAC-SHA-256 of a message, in hexadecimal digits: the first half of them proves that who asks knows the key, the second that
-- who answers does. Without settings of its own, so that it is inlined.
create function @schema@.port_proof(inner_block bytea, outer_block bytea, message text) returns text
language sql immutable parallel safe as $body$
    select pg_catalog.encode(pg_catalog.sha256(outer_block operator(pg_catalog.||) pg_catalog.sha256(
        inner_block operator(pg_catalog.||) pg_catalog.convert_to(message, 'UTF8'))), 'hex')
$body$;
revoke all on function @schema@.port_proof(bytea, bytea, text) from public;

-- The key, made if there is none, or if this database was made the original of a copy since.
create function @schema@.port_key_of_this() returns bytea
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    here constant text := (
        select string_agg(m.value, ' ' order by m.key) from @schema@.meta as m
        where m.key in ('database', 'system_identifier'));
    secret bytea := (select k.key from @schema@.port_key as k where k.made_for = coalesce(here, ''));
    inner_block bytea := decode(repeat('36', 64), 'hex');
    outer_block bytea := decode(repeat('5c', 64), 'hex');
begin
    if secret is not null then
        return secret;
    end if;
    secret := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    for i in 0..31 loop
        inner_block := set_byte(inner_block, i, get_byte(secret, i) # 54);
        outer_block := set_byte(outer_block, i, get_byte(secret, i) # 92);
    end loop;
    insert into @schema@.port_key as k (made_for, key, inner_block, outer_block)
        values (coalesce(here, ''), secret, inner_block, outer_block)
        on conflict on constraint port_key_pkey do update set made_for = excluded.made_for, key = excluded.key,
            inner_block = excluded.inner_block, outer_block = excluded.outer_block;
    return secret;
end $body$;
revoke all on function @schema@.port_key_of_this() from public;

-- Brings the foreign server's options in step; true if they were not.
create function @schema@.port_alter(given text[], wanted text[]) returns boolean
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    changes text;
begin
    select string_agg(c.change, ', ') into changes from (
        select format('drop %I', o.option_name) as change from pg_options_to_table(port_alter.given) as o
        where not exists (select from pg_options_to_table(wanted) as w where w.option_name = o.option_name)
        union all
        select format(case when o.option_name is null then 'add %I %L' else 'set %I %L' end, w.option_name,
            w.option_value)
        from pg_options_to_table(port_alter.wanted) as w left join pg_options_to_table(port_alter.given) as o
            on o.option_name = w.option_name
        where o.option_value is distinct from w.option_value
    ) as c;
    if changes is null then
        return false;
    end if;
    execute format('alter server %I options (%s)', @server_name_literal@, changes);
    return true;
end $body$;
revoke all on function @schema@.port_alter(text[], text[]) from public;

drop function @schema@.port_configure(text[], text, text, text);

-- Tells the database where the port of the sidecar that leads is, and with what to log in there: the foreign server and the owner's user
-- mapping. Only what differs is changed, and the password is in no statement that a client sent; errors are raised anew, so that
-- none shows the statement. An option require_auth is left out where the server's libpq does not know it (before 16).
-- Returns the key, and whether anything was changed.
create function @schema@.port_configure(options text[], username text, password text, out key text, out is_changed boolean)
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    server record;
    wanted text[] := array(
        select port_configure.options[2 * n - 1] || '=' || port_configure.options[2 * n]
        from generate_series(1, cardinality(port_configure.options) / 2) as n order by 1);
    known constant text[] := array(select o from unnest(wanted) as o where o not like 'require_auth=%' order by 1);
    mapped text[];
    fault text;
begin
    perform @schema@.require_leadership();
    begin
        -- It goes with dblink, and dblink may have come back.
        if not exists (select from pg_foreign_server as s where s.srvname = @server_name_literal@) then
            begin
                create server @server@ foreign data wrapper dblink_fdw;
            exception when undefined_object or insufficient_privilege then
                get stacked diagnostics fault = message_text;
                raise exception 'the foreign server % is not there: %', quote_ident(@server_name_literal@), fault
                    using errcode = 'WA003', hint = @administrator_literal@;
            end;
        end if;
        select s.oid, array(select o from unnest(s.srvoptions) as o order by 1) as given into server
            from pg_foreign_server as s where s.srvname = @server_name_literal@;
        if cardinality(coalesce(port_configure.options, '{}')) % 2 <> 0
            or array_position(port_configure.options, null) is not null
            or port_configure.username is null or port_configure.password is null
        then
            raise exception 'port_configure: options must be pairs of names and values, and nothing may be null'
                using errcode = '22023';
        end if;
        is_changed := false;
        -- A libpq that is newer than its server may know the option too; what it has refused there is not tried again.
        if server.given <> wanted
            and (current_setting('server_version_num')::int >= 160000 or server.given <> known)
        then
            begin
                is_changed := @schema@.port_alter(server.given, wanted);
            exception when fdw_option_name_not_found or fdw_invalid_option_name then
                is_changed := @schema@.port_alter(server.given, known);
            end;
        end if;
        select array(select o from unnest(u.umoptions) as o order by 1) into mapped from pg_user_mappings as u
            where u.srvid = server.oid and u.usename = current_user;
        if mapped is distinct from array['password=' || port_configure.password, 'user=' || port_configure.username] then
            execute format('drop user mapping if exists for current_user server %I', @server_name_literal@);
            execute format('create user mapping for current_user server %I options (user %L, password %L)',
                @server_name_literal@, port_configure.username, port_configure.password);
            is_changed := true;
        end if;
        key := encode(@schema@.port_key_of_this(), 'hex');
    exception
        when sqlstate 'WA003' or invalid_parameter_value then
            raise;
        when others then
            get stacked diagnostics fault = message_text;
            if port_configure.password <> '' and strpos(fault, port_configure.password) > 0 then
                fault := 'the options of the foreign server or the user mapping are refused';
            end if;
            raise exception 'port_configure: %', fault using errcode = sqlstate;
    end;
end $body$;
revoke all on function @schema@.port_configure(text[], text, text) from public;

-- Takes back what port_configure() told: nobody listens there any more, and whoever does is not to get the password. True if there
-- was anything to take back.
create function @schema@.port_withdraw() returns boolean
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    perform @schema@.require_leadership();
    if not exists (select from pg_user_mappings as u where u.srvname = @server_name_literal@ and u.usename = current_user) then
        return false;
    end if;
    execute format('drop user mapping if exists for current_user server %I', @server_name_literal@);
    return true;
end $body$;
revoke all on function @schema@.port_withdraw() from public;

-----------------------------------------------------------------------------------------------------------------------
-- Version

update @schema@.meta as m set value = '2' where m.key = 'version';
update @schema@.meta as m set value = '0.2.0' where m.key = 'least_binary';
