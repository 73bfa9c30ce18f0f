-- Version 2 of the SQL interface: what changes from version 1. Run once, in one transaction, as the role that owns the schema.
-- The names between at signs are those of version 1. A new function's rights are taken from PUBLIC here, where it is made.

-----------------------------------------------------------------------------------------------------------------------
-- Values

-----------------------------------------------------------------------------------------------------------------------
-- The outbox and its relay

-----------------------------------------------------------------------------------------------------------------------
-- Leadership

-----------------------------------------------------------------------------------------------------------------------
-- Registering

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
