-- Version 2 of the SQL interface: what changes from version 1. Run once, in one transaction, as the role that owns the schema.
-- The names between at signs are those of version 1. A new function's rights are taken from PUBLIC here, where it is made.

-----------------------------------------------------------------------------------------------------------------------
-- Values

-----------------------------------------------------------------------------------------------------------------------
-- The outbox and its relay

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

-----------------------------------------------------------------------------------------------------------------------
-- The call port

-----------------------------------------------------------------------------------------------------------------------
-- Version

update @schema@.meta as m set value = '2' where m.key = 'version';
update @schema@.meta as m set value = '0.2.0' where m.key = 'least_binary';
