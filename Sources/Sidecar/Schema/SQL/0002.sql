-- Version 2 of the SQL interface: what changes from version 1. Run once, in one transaction, as the role that owns the schema.
-- The names between at signs are those of version 1. A new function's rights are taken from PUBLIC here, where it is made.

-----------------------------------------------------------------------------------------------------------------------
-- Values

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
                args := entry.args;
                kwargs := entry.kwargs;
                options := entry.options;
                size := coalesce(octet_length(topic), 0) + coalesce(octet_length(args), 0)
                    + coalesce(octet_length(kwargs), 0) + coalesce(octet_length(options), 0);
                is_reading := false;
                if size > relay_read.largest then
                    topic := left(topic, 1000);
                    args := null;
                    kwargs := null;
                    options := null;
                    fault := format('54000 its text has %s octets, and the router takes %s', size, relay_read.largest);
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

-----------------------------------------------------------------------------------------------------------------------
-- Version

update @schema@.meta as m set value = '2' where m.key = 'version';
update @schema@.meta as m set value = '0.2.0' where m.key = 'least_binary';
