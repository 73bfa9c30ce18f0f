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

-- Names of roles change, so the registrant is kept by its oid too.
alter table @schema@.registration add column registrant oid;
alter table @schema@.subscription add column registrant oid;
alter table @schema@.registration disable trigger check_mapping;
alter table @schema@.subscription disable trigger check_mapping;
update @schema@.registration as r set registrant = (select a.oid from pg_catalog.pg_roles as a where a.rolname = r.registered_by);
update @schema@.subscription as s set registrant = (select a.oid from pg_catalog.pg_roles as a where a.rolname = s.registered_by);
alter table @schema@.registration enable trigger check_mapping;
alter table @schema@.subscription enable trigger check_mapping;
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

-- Checks each row of registration and subscription, however it is inserted, and records who did it. No SECURITY DEFINER:
-- the current user is the one who registers. A row is changed only where the oids of roles are brought up to date.
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
        if to_jsonb(new) - 'registrant' is distinct from to_jsonb(old) - 'registrant' then
            raise exception '%: a row can''t be changed; delete it and insert another', verb using errcode = '0A000';
        end if;
        return new;
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

-- The oids of roles, as they are in the cluster that a database was restored to.
create function @schema@.mapping_adopt() returns void
language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as $body$
begin
    update @schema@.registration as r set registrant = (select a.oid from pg_roles as a where a.rolname = r.registered_by);
    update @schema@.subscription as s set registrant = (select a.oid from pg_roles as a where a.rolname = s.registered_by);
    update @schema@.register_prefix as x
        set role_oid = coalesce((select a.oid from pg_roles as a where a.rolname = x.role), 0);
    delete from @schema@.registrant;
end $body$;
revoke all on function @schema@.mapping_adopt() from public;

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

-----------------------------------------------------------------------------------------------------------------------
-- Version

update @schema@.meta as m set value = '2' where m.key = 'version';
update @schema@.meta as m set value = '0.2.0' where m.key = 'least_binary';
