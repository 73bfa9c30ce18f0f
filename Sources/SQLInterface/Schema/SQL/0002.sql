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

-- Events that are to be tried again, the oldest first: at most `most`, and none behind the one with which `octets` are reached. One with
-- more octets of text than `largest` comes without its values.
drop function @schema@.event_retries(int);
create function @schema@.event_retries(most int default 100, octets bigint default 8388608, largest bigint default 67108864)
returns table (id bigint, subscription text, topic text, args text, kwargs text, details text, proc text, is_too_large boolean)
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    letter record;
    taken bigint := 0;
    size bigint;
begin
    for letter in
        select d.id, d.subscription, d.topic, d.args, d.kwargs, d.details, d.proc
        from @schema@.dead_letter as d where d.retry order by d.id limit event_retries.most
    loop
        id := letter.id;
        subscription := left(letter.subscription, 10000);
        topic := left(letter.topic, 10000);
        proc := left(letter.proc, 10000);
        args := letter.args;
        kwargs := letter.kwargs;
        details := letter.details;
        size := coalesce(octet_length(args), 0) + coalesce(octet_length(kwargs), 0) + coalesce(octet_length(details), 0);
        is_too_large := size > event_retries.largest;
        if is_too_large then
            args := null;
            kwargs := null;
            details := null;
        end if;
        return next;
        taken := taken + case when is_too_large then 0 else size end;
        exit when taken >= event_retries.octets;
    end loop;
end $body$;
revoke all on function @schema@.event_retries(int, bigint, bigint) from public;

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

-- Rows in the order of their ids: those from each of `firsts` to its fellow in `lasts`, which are in order and up to bound, and
-- those behind bound up to `upto`; a bound of null is before the first. At most `rows`, and none behind the one with which `octets` are reached. Nothing of a
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
    largest int default 16777216, firsts bigint[] default null, lasts bigint[] default null,
    upto bigint default 9223372036854775807, wanted text[] default null, sequence bigint default null)
returns table (id bigint, event_id uuid, topic text, args text, kwargs text, options text, fault text)
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off set enable_bitmapscan = off set jit = off as $body$
declare
    stored_args jsonb;
    stored_kwargs jsonb;
    stored_options jsonb;
    is_large boolean;
    is_unmade boolean := false;
    size bigint;
    taken bigint := 0;
    count int := 0;
    done bigint;
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
            -- This is done for each of hundreds of thousands of rows a second: as few statements as will do.
            for id, event_id, topic, stored_args, stored_kwargs, stored_options, is_large in
                select r.*, pg_column_size(r.args) > relay_read.largest / 128
                        and (pg_column_compression(r.args) is not null or pg_column_size(r.args) / 4 > relay_read.largest)
                    or pg_column_size(r.kwargs) > relay_read.largest / 128
                        and (pg_column_compression(r.kwargs) is not null or pg_column_size(r.kwargs) / 4 > relay_read.largest)
                from (
                    (select l.* from unnest(relay_read.firsts, relay_read.lasts) as g(low, high) cross join lateral (
                        select o.id, o.event_id, o.topic, o.args, o.kwargs, o.options from @schema@.outbox as o
                        where o.id between greatest(g.low, first) and g.high
                            and (relay_read.held is null or o.topic not in (select unnest(relay_read.held))) is not false
                            and (relay_read.wanted is null or o.topic in (select unnest(relay_read.wanted)))
                        order by o.id limit relay_read.rows) as l)
                    union all
                    (select o.id, o.event_id, o.topic, o.args, o.kwargs, o.options from @schema@.outbox as o
                    where o.id >= greatest(first, lowest) and o.id <= relay_read.upto
                        and (relay_read.held is null or o.topic not in (select unnest(relay_read.held))) is not false
                        and (relay_read.wanted is null or o.topic in (select unnest(relay_read.wanted)))
                    order by o.id limit relay_read.rows)
                ) as r
            loop
                exit batch when count >= relay_read.rows;
                -- A text takes seconds to make where control characters are escaped, and no text is a quarter of what jsonb
                -- takes for it. What is small as it is stored, or known by that, isn't unpacked for it; else it is unpacked once.
                if is_large then
                    stored_args := stored_args #> '{}';
                    stored_kwargs := stored_kwargs #> '{}';
                    size := coalesce(pg_column_size(stored_args), 0) + coalesce(pg_column_size(stored_kwargs), 0);
                    is_unmade := size / 4 > relay_read.largest;
                end if;
                if not is_unmade then
                    args := stored_args;
                    kwargs := stored_kwargs;
                    options := stored_options;
                    size := coalesce(octet_length(topic), 0) + coalesce(octet_length(args), 0)
                        + coalesce(octet_length(kwargs), 0) + coalesce(octet_length(options), 0);
                end if;
                if is_unmade or size > relay_read.largest then
                    topic := left(topic, 1000);
                    args := null;
                    kwargs := null;
                    options := null;
                    fault := format('54000 its %s %s octets, and the router takes %s',
                        case when is_unmade then 'values take' else 'text has' end, size, relay_read.largest);
                    is_unmade := false;
                    return next;
                    fault := null;
                else
                    return next;
                    taken := taken + size;
                    exit batch when taken >= relay_read.octets;
                end if;
                done := id;
                count := count + 1;
            end loop;
            exit;
        exception when others then
            get stacked diagnostics code = returned_sqlstate, words = message_text;
            -- What is not the fault of the row: no row is being read, there is no room for the answer, or it is to end.
            if id is not distinct from done or code in ('53100', '53400') or left(code, 2) in ('25', '40', '57') then
                raise;
            end if;
            topic := case when left(code, 2) <> 'XX' then left(topic, 1000) end;
            args := null;
            kwargs := null;
            options := null;
            is_unmade := false;
            fault := format('%s its text can''t be made: %s', code, words);
            return next;
            fault := null;
            count := count + 1;
            exit when id = 9223372036854775807;
            done := id;
            first := id + 1;
        end;
    end loop;
end $body$;
revoke all on function @schema@.relay_read(bigint, int, int, text[], int, bigint[], bigint[], bigint, text[], bigint) from public;

-- Takes rows out: those with the ids, and those from each of `firsts` to its fellow in `lasts`. A run of ids costs less than half
-- of what the same ids do one by one.
drop function @schema@.relay_delete(bigint[]);
create function @schema@.relay_delete(ids bigint[], firsts bigint[] default '{}', lasts bigint[] default '{}') returns int
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off set jit = off as $body$
declare
    count int := 0;
    more int;
begin
    perform @schema@.require_leadership();
    if cardinality(relay_delete.ids) > 0 then
        delete from @schema@.outbox as o where o.id = any (relay_delete.ids);
        get diagnostics count = row_count;
    end if;
    for run in 1 .. cardinality(relay_delete.firsts) loop
        delete from @schema@.outbox as o where o.id between relay_delete.firsts[run] and relay_delete.lasts[run];
        get diagnostics more = row_count;
        count := count + more;
    end loop;
    return count;
end $body$;
revoke all on function @schema@.relay_delete(bigint[], bigint[], bigint[]) from public;

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

-- The guest: the login role without any right that what low roles registered runs as the session of, so that what such a
-- function leaves for the commit (cursors WITH HOLD, deferred triggers and constraints) runs as nobody. install makes the
-- role and its password; only the owner reads it here. The verifier is what the server keeps of the password.
create table @schema@.guest (
    single boolean primary key default true check (single),
    role text not null,
    password text not null,
    verifier text not null
);

-- What a role that has the right to register may register: what begins with the prefix, which ends in a dot. Without a row
-- it is anything.
create table @schema@.register_prefix (
    role text not null,
    role_oid oid not null,
    prefix text not null check (prefix ~ E'^([^.\\s#]+\\.)+$'),
    primary key (role, prefix)
);

-- A row for each low role that has registered: it is locked while its rows are counted.
create table @schema@.registrant (
    role oid primary key
);

-- Names of roles change, so the registrant is kept by its oid too. It is computed as a change of the type, for which no trigger runs.
alter table @schema@.registration add column registrant oid;
alter table @schema@.subscription add column registrant oid;
alter table @schema@.registration alter registrant type oid
    using pg_catalog.to_regrole(pg_catalog.quote_ident(registered_by))::oid;
alter table @schema@.subscription alter registrant type oid
    using pg_catalog.to_regrole(pg_catalog.quote_ident(registered_by))::oid;
create index registration_registrant on @schema@.registration (registrant);
create index subscription_registrant on @schema@.subscription (registrant);
revoke all on @schema@.guest, @schema@.register_prefix, @schema@.registrant from public;

-- The guest's name; null where there is none.
create function @schema@.guest_role() returns text
language sql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $body$
    select g.role from @schema@.guest as g, pg_roles as r where r.rolname = g.role
$body$;
revoke all on function @schema@.guest_role() from public;

-- What the sidecar logs in with as the guest; no row where there is none.
create function @schema@.guest_login() returns table (role text, password text)
language sql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $body$
    select g.role, g.password from @schema@.guest as g, pg_roles as r where r.rolname = g.role
$body$;
revoke all on function @schema@.guest_login() from public;

-- The role that is meant by a name and an oid which were kept: its oid and what it is called now. Both are null if it is no
-- longer there. In another cluster the oids are others, so there only the name counts, and also where nobody has the oid.
create function @schema@.mapping_registrant(name text, kept oid, out role oid, out rolname text)
language plpgsql stable parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    select r.oid, r.rolname::text into mapping_registrant.role, mapping_registrant.rolname
        from pg_roles as r where r.oid = mapping_registrant.kept;
    if mapping_registrant.rolname is distinct from mapping_registrant.name
        and (mapping_registrant.role is null or not @schema@.is_original())
    then
        select r.oid, r.rolname::text into mapping_registrant.role, mapping_registrant.rolname
            from pg_roles as r where r.rolname = mapping_registrant.name;
    end if;
end $body$;
revoke all on function @schema@.mapping_registrant(text, oid) from public;

-- Whether a role may let run what it likes: the owner of the interface and superusers.
create function @schema@.is_trusted(name text) returns boolean
language sql stable parallel safe set search_path = pg_catalog, pg_temp as $body$
    select coalesce(bool_or(r.rolsuper or r.oid = n.nspowner), false) from pg_roles as r, pg_namespace as n
    where r.rolname = is_trusted.name and n.nspname = @schema_name_literal@
$body$;
revoke all on function @schema@.is_trusted(text) from public;

-- Why a role may not register a URI or a pattern of URIs, which it may only beneath its prefixes; null if it may. The
-- prefixes belong to the role that was given the right: who has it from several of them may do what any of them may.
create function @schema@.mapping_prefix_fault(registrant text, uri text) returns text
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    prefixes text[];
    unbounded boolean;
begin
    if not exists (select from @schema@.register_prefix) or @schema@.is_trusted(mapping_prefix_fault.registrant) then
        return null;
    end if;
    with given as (
        select a.grantee from pg_proc as p
            join pg_namespace as n on n.oid = p.pronamespace
            cross join aclexplode(p.proacl) as a
            join pg_roles as r on r.rolname = mapping_prefix_fault.registrant
        where n.nspname = @schema_name_literal@ and p.proname = 'register' and a.privilege_type = 'EXECUTE'
            and a.grantee <> p.proowner and (a.grantee = 0 or pg_has_role(r.oid, a.grantee, 'usage'))
    ), bound as (
        select case when lower(x.role) = 'public' then 0::oid
            else (select m.role from @schema@.mapping_registrant(x.role, x.role_oid) as m) end as role, x.prefix
        from @schema@.register_prefix as x
    )
    select array_agg(distinct b.prefix order by b.prefix) filter (where b.prefix is not null),
            coalesce(bool_or(b.prefix is null), false)
        into prefixes, unbounded from given as g left join bound as b on b.role = g.grantee;
    if unbounded or exists (select from unnest(prefixes) as x where starts_with(mapping_prefix_fault.uri, x)) then
        return null;
    end if;
    return format('%I may register only what begins with %s', mapping_prefix_fault.registrant,
        coalesce(array_to_string(prefixes, ' or '), 'a prefix that it does not have'));
end $body$;
revoke all on function @schema@.mapping_prefix_fault(text, text) from public;

-- Why a function can't be what a registration or subscription runs, for the role that registered it, the SQLSTATE of that,
-- and what helps; null if it can.
--
-- A function that a low role registered runs in a session of the guest: it must be a SECURITY DEFINER function of that role,
-- and the guest must be allowed to call it. Defaults are evaluated, and values cast to domains, other types and JSON, as
-- the guest, so it may have no defaults and only types of PostgreSQL's own.
--
-- types: the signature as it is kept, so that it is found again by comparing texts; reading it as types needs rights in
-- their schemas, which the registrant has, and the interface's owner may not have.
drop function @schema@.mapping_fault(text, text, text);
create function @schema@.mapping_fault(proc text, signature text, registrant text, out code text, out message text,
    out types text, out stamp text, out hint text)
language plpgsql stable parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    role record;
    parts text[];
    candidates oid[];
    entry record;
    guest text;
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
    if mapping_fault.signature is not null and cardinality(candidates) = 0
        and exists (select from pg_namespace as n where n.nspname = parts[1])
    then
        begin
            -- The cast says of every server what is wrong; to_regprocedure() is silent about it from PostgreSQL 16 on.
            candidates := array[format('%I.%I(%s)', parts[1], parts[2],
                regexp_replace(mapping_fault.signature, E'^\\s*\\((.*)\\)\\s*$', E'\\1'))::regprocedure::oid];
        exception when undefined_function then
            null;
        when others then
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
    guest := @schema@.guest_role();
    if guest is null then
        code := 'WA003';
        message := format('what %I registers needs the guest role, which is not there: without it the function could leave '
            'behind what runs as the sidecar', mapping_fault.registrant);
        hint := @guest_administrator_literal@;
        return;
    end if;
    if not (has_function_privilege(guest, entry.oid, 'execute') and has_schema_privilege(guest, entry.pronamespace, 'usage'))
    then
        code := '42501';
        message := format('the role %I, as which the sidecar logs in to run it, may not execute %s', guest, entry.shown);
        hint := format('grant usage on schema %I to %I; grant execute on function %s to %I;', parts[1], guest, entry.shown,
            guest);
        return;
    end if;
    stamp := entry.oid || ':' || entry.version;
end $body$;
revoke all on function @schema@.mapping_fault(text, text, text) from public;

-- As before, for the registrant by its oid, and beneath the prefixes that it has now.
create or replace function @schema@.mapping_stamp(kind text, id bigint) returns text
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    entry record;
    fault record;
    outside text;
begin
    select m.uri, m.proc, m.signature, coalesce(w.rolname, m.registered_by) as registered_by into entry from (
        select 'registration' as kind, r.id, r.uri, r.proc, r.signature, r.registered_by, r.registrant
            from @schema@.registration as r
        union all
        select 'subscription', s.id, s.topic, s.proc, null, s.registered_by, s.registrant from @schema@.subscription as s
    ) as m cross join lateral @schema@.mapping_registrant(m.registered_by, m.registrant) as w
    where m.kind = mapping_stamp.kind and m.id = mapping_stamp.id;
    if not found then
        raise exception 'it is registered no more' using errcode = '42704';
    end if;
    select f.code, f.message, f.stamp, f.hint into fault
        from @schema@.mapping_fault(entry.proc, entry.signature, entry.registered_by) as f;
    if fault.message is not null then
        raise exception '%', concat_ws('; ', fault.message, fault.hint) using errcode = fault.code;
    end if;
    outside := @schema@.mapping_prefix_fault(entry.registered_by, entry.uri);
    if outside is not null then
        raise exception '%', outside using errcode = '42501';
    end if;
    return fault.stamp;
end $body$;

-- What was registered from SQL, by whom as the role is called now. guest: the role that has to run it, where a low role
-- registered it; null: it runs as the sidecar. fault: why it must not be run any more; what registered it was changed since.
drop function @schema@.mapping_rows();
create function @schema@.mapping_rows()
returns table (kind text, id bigint, uri text, proc text, signature text, options text, registered_by text, fault text,
    guest text)
language sql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
    select m.kind, m.id, m.uri, m.proc, m.signature, m.options::text, w.name,
        coalesce(f.message || coalesce('; ' || f.hint, ''), @schema@.mapping_prefix_fault(w.name, m.uri)),
        case when not @schema@.is_trusted(w.name) then @schema@.guest_role() end
    from (
        select 'registration' as kind, r.id, r.uri, r.proc, r.signature, r.options, r.registered_by, r.registrant
            from @schema@.registration as r
        union all
        select 'subscription', s.id, s.topic, s.proc, null, s.options, s.registered_by, s.registrant
            from @schema@.subscription as s
    ) as m
        cross join lateral (select coalesce(o.rolname, m.registered_by) as name
            from @schema@.mapping_registrant(m.registered_by, m.registrant) as o) as w
        cross join lateral @schema@.mapping_fault(m.proc, m.signature, w.name) as f
    order by 1, 2
$body$;
revoke all on function @schema@.mapping_rows() from public;

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

-- These rows of registration or subscription, those that there are. The columns are those of mapping_rows().
create function @schema@.mapping_page(of_kind text, ids bigint[])
returns table (kind text, id bigint, uri text, proc text, signature text, options text, registered_by text, fault text,
    guest text)
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
#variable_conflict use_column
declare
    guest_name constant text := @schema@.guest_role();
begin
    return query select m.kind, m.id, m.uri, m.proc, m.signature, m.options::text, w.name,
        coalesce(f.message || coalesce('; ' || f.hint, ''), @schema@.mapping_prefix_fault(w.name, m.uri)),
        case when not @schema@.is_trusted(w.name) then guest_name end
    from (
        select 'registration' as kind, r.id, r.uri, r.proc, r.signature, r.options, r.registered_by, r.registrant
            from @schema@.registration as r
            where mapping_page.of_kind = 'registration' and r.id = any (mapping_page.ids)
        union all
        select 'subscription', s.id, s.topic, s.proc, null, s.options, s.registered_by, s.registrant
            from @schema@.subscription as s
            where mapping_page.of_kind = 'subscription' and s.id = any (mapping_page.ids)
    ) as m
        cross join lateral (select coalesce(o.rolname, m.registered_by) as name
            from @schema@.mapping_registrant(m.registered_by, m.registrant) as o) as w
        cross join lateral @schema@.mapping_fault(m.proc, m.signature, w.name) as f
    order by m.id;
end $body$;

revoke all on function @schema@.mapping_list(text, bigint, int), @schema@.mapping_page(text, bigint[]) from public;

-- What is wrong with the options of a registration or subscription; null if nothing is.
create or replace function @schema@.mapping_option_fault(kind text, options jsonb, trusted boolean) returns text
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
            ('disclose_caller', 'registration', 'boolean', '.'),
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
create or replace function @schema@.check_mapping() returns trigger
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
declare
    kind text := tg_table_name;
    uri text := to_jsonb(new) ->> case tg_table_name when 'registration' then 'uri' else 'topic' end;
    match text := coalesce(case when jsonb_typeof(new.options) = 'object' then new.options ->> 'match' end, 'exact');
    what text := case tg_table_name when 'registration' then 'register: the URI' else 'subscribe: the topic' end;
    verb text := case tg_table_name when 'registration' then 'register' else 'subscribe' end;
    registrant record;
    code text;
    fault text;
    types text;
    help text;
begin
    if tg_op = 'UPDATE' then
        raise exception '%: a row can''t be changed; delete it and insert another', verb using errcode = '0A000';
    end if;
    select r.oid, r.rolsuper or r.oid = n.nspowner as trusted into registrant from pg_roles as r, pg_namespace as n
        where r.rolname = current_user and n.nspname = @schema_name_literal@;
    new.registered_by := current_user;
    new.registrant := registrant.oid;
    fault := @schema@.mapping_option_fault(kind, new.options, registrant.trusted);
    if fault is not null then
        raise exception '%: %', verb, fault using errcode = '22023';
    end if;
    fault := @schema@.uri_fault(uri, case match when 'wildcard' then 'any' when 'prefix' then 'last' else 'none' end);
    if fault is not null then
        raise exception '% % %', what, coalesce(quote_ident(left(uri, 200)), ''), fault using errcode = '22023';
    end if;
    fault := @schema@.mapping_prefix_fault(current_user, uri);
    if fault is not null then
        raise exception '%: %: %', verb, uri, fault using errcode = '42501',
            hint = 'wamp-sidecar install --register-prefix changes that';
    end if;
    select f.code, f.message, f.types, f.hint into code, fault, types, help
        from @schema@.mapping_fault(new.proc, to_jsonb(new) ->> 'signature', current_user) as f;
    if fault is not null then
        if help is null then
            raise exception '%: %: %', verb, uri, fault using errcode = code;
        end if;
        raise exception '%: %: %', verb, uri, fault using errcode = code, hint = help;
    end if;
    if tg_table_name = 'registration' then
        new.signature := types;
    end if;
    return new;
end $body$;

-- A low role has at most 1,000 registrations and subscriptions. Its row of registrant is locked first, so that what its
-- other sessions have not committed yet is waited for and counted.
create function @schema@.check_number() returns trigger
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    most constant int := 1000;
    entry record;
    number int;
begin
    for entry in select distinct m.registrant, m.registered_by from made as m loop
        continue when @schema@.is_trusted(entry.registered_by);
        insert into @schema@.registrant (role) values (entry.registrant) on conflict do nothing;
        perform from @schema@.registrant as r where r.role = entry.registrant for update;
        select count(*) into number from (
            (select from @schema@.registration as r where r.registrant = entry.registrant limit most + 1)
            union all
            (select from @schema@.subscription as s where s.registrant = entry.registrant limit most + 1)
        ) as own;
        if number > most then
            raise exception '%: % has more than % registrations and subscriptions, which is the most for a role',
                case tg_table_name when 'registration' then 'register' else 'subscribe' end,
                quote_ident(entry.registered_by), most
                using errcode = '54000', hint = 'unregister() and unsubscribe() make room';
        end if;
    end loop;
    return null;
end $body$;
revoke all on function @schema@.check_number() from public;
create trigger check_number after insert on @schema@.registration
    referencing new table as made for each statement execute function @schema@.check_number();
create trigger check_number after insert on @schema@.subscription
    referencing new table as made for each statement execute function @schema@.check_number();

-- What is to be taken away is inserted here. Nobody but the owner may delete from the tables, since who may delete may lock
-- them, and with that everybody else out. Who asks is known because the first of the triggers is no SECURITY DEFINER
-- function, so that the current user is the one who inserts, and overwrites what was given; the second one may delete.
create view @schema@.removal as
    select null::text as kind, null::text as uri, null::text as proc, null::text as requested_by where false;
revoke all on @schema@.removal from public;

create function @schema@.removal_request() returns trigger
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    new.requested_by := current_user;
    return new;
end $body$;
revoke all on function @schema@.removal_request() from public;

-- Only who registered it, its members, the schema's owner and superusers may take it away. Nothing is inserted where
-- nothing was there.
create function @schema@.removal_run() returns trigger
language plpgsql volatile parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
declare
    entry record;
    removed boolean := false;
begin
    for entry in
        select m.kind, m.id, m.uri, coalesce(w.rolname, m.registered_by) as registered_by, w.role from (
            select 'registration' as kind, r.id, r.uri, r.registered_by, r.registrant from @schema@.registration as r
                where new.kind = 'registration' and r.uri = new.uri
            union all
            select 'subscription', s.id, s.topic, s.registered_by, s.registrant from @schema@.subscription as s
                where new.kind = 'subscription' and s.topic = new.uri and s.proc = new.proc
        ) as m cross join lateral @schema@.mapping_registrant(m.registered_by, m.registrant) as w
    loop
        if not (@schema@.is_trusted(new.requested_by) or entry.role is not null and exists (
            select from pg_roles as r where r.rolname = new.requested_by and pg_has_role(r.oid, entry.role, 'member')))
        then
            raise exception '%: % belongs to %', case entry.kind when 'registration' then 'unregister' else 'unsubscribe' end,
                entry.uri, quote_ident(entry.registered_by) using errcode = '42501';
        end if;
        if entry.kind = 'registration' then
            delete from @schema@.registration as r where r.id = entry.id;
        else
            delete from @schema@.subscription as s where s.id = entry.id;
        end if;
        removed := removed or found;
    end loop;
    return case when removed then new end;
end $body$;
revoke all on function @schema@.removal_run() from public;
create trigger a_request instead of insert on @schema@.removal
    for each row execute function @schema@.removal_request();
create trigger b_run instead of insert on @schema@.removal
    for each row execute function @schema@.removal_run();

-- unregister(uri): true if it was registered from SQL.
create or replace function @schema@.unregister(uri text) returns boolean
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    insert into @schema@.removal (kind, uri) values ('registration', unregister.uri);
    return found;
end $body$;

-- unsubscribe(topic, proc): true if it was subscribed from SQL.
create or replace function @schema@.unsubscribe(topic text, proc text) returns boolean
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    insert into @schema@.removal (kind, uri, proc) values ('subscription', unsubscribe.topic, unsubscribe.proc);
    return found;
end $body$;

-- Those who may register lose what of version 1 lets them lock the tables, and get what took its place.
do $rights$
declare
    grantee text;
begin
    for grantee in
        select distinct case when a.grantee = 0 then 'public' else a.grantee::pg_catalog.regrole::text end
        from pg_catalog.pg_proc as p
            join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
            cross join pg_catalog.aclexplode(p.proacl) as a
        where n.nspname = @schema_name_literal@ and p.proname = 'register' and a.grantee <> p.proowner
    loop
        execute pg_catalog.format('revoke delete on %1$s.registration, %1$s.subscription from %2$s; '
            'grant insert (kind, uri, proc) on %1$s.removal to %2$s; '
            'grant execute on function %1$s.mapping_fault(text, text, text), '
            '%1$s.mapping_prefix_fault(text, text), %1$s.guest_role() to %2$s',
            @schema_identifier_literal@, grantee);
    end loop;
end $rights$;

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
