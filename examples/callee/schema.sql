-- Functions that are procedures. The sidecar runs them as the role wamp; SECURITY DEFINER, they work as app.

create schema account authorization app;
grant usage on schema account to wamp;
set role app;

create table account.person (
    id bigint generated always as identity primary key,
    name text not null unique,
    email text
);

-- Native: arguments fill the parameters, by position or by name; defaults count. A composite comes out as one object.
create function account.create(name text, email text default null) returns account.person
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into account.person (name, email) values ("create".name, "create".email) returning person
$$;

-- A set is one list of rows.
create function account.list() returns setof account.person
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select person from account.person order by id
$$;

-- An error of its own, with arguments.
create function account.remove(name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    delete from account.person where person.name = remove.name;
    if not found then
        perform wamp.raise_error('com.example.error.unknown', jsonb_build_array(name));
    end if;
end
$$;

-- This one is registered from SQL: it needs no line in sidecar.yaml, and works as soon as this is committed.
create function account.count() returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select count(*) from account.person
$$;

revoke execute on all functions in schema account from public;
grant execute on all functions in schema account to wamp;

-- It runs in a session of the guest, a role without rights, which therefore has to be allowed to call it.
do $$ begin
    execute format('grant usage on schema account to %1$I; grant execute on function account.count() to %1$I', wamp.guest_role());
end $$;
select wamp.register('com.example.account.count', 'account.count');
