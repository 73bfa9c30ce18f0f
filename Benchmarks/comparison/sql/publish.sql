-- What is compared with wamp.publish(): a table like the outbox to insert into, and the same function without the
-- handshake that wakes a sleeping relay.

create table bench.work (id bigint generated always as identity primary key, item int not null, note text not null);

create sequence bench.plain_id_seq cache 1;
create table bench.plain (like wamp.outbox including all);
alter table bench.plain alter column id
    set default (case when pg_current_xact_id() is not null then nextval('bench.plain_id_seq') end);

do $body$
declare
    definition text := pg_get_functiondef('wamp.publish(text, jsonb, jsonb, jsonb, boolean)'::regprocedure);
    without text := regexp_replace(
        definition, '\(case when not [^;]*pg_try_advisory_xact_lock_shared[^;]* end\)::pg_catalog.text',
        'null::pg_catalog.text');
    options text := (select string_agg(format('%s', o), ', ') from pg_class, unnest(reloptions) as o
        where oid = 'wamp.outbox'::regclass);
begin
    if without = definition or without ~ 'pg_notify' then
        raise exception 'wamp.publish() is no longer written as this copy of it expects';
    end if;
    execute replace(without, 'FUNCTION wamp.publish(', 'FUNCTION bench.publish(');
    execute format('alter function bench.publish owner to %I',
        (select proowner::regrole::text from pg_proc
            where proname = 'publish' and pronamespace = 'wamp'::regnamespace));
    execute format('alter table bench.plain set (%s)', options);
end $body$;
