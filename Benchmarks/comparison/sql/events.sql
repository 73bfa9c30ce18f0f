-- What a subscription runs for each event. Both tell how far they are after each thousand events, by a notification that
-- the sidecar publishes.

-- Checks the order. It keeps the last number in the session, which all of the subscription's events run in, and so costs
-- no more than it must.
create function bench.in_order(args jsonb, kwargs jsonb, details jsonb) returns void
language plpgsql as $body$
declare
    number bigint := (args ->> 0)::bigint;
begin
    if coalesce(nullif(current_setting('bench.last', true), '')::bigint, 0) <> number - 1 then
        raise exception 'event % came after event %', number, current_setting('bench.last', true);
    end if;
    perform set_config('bench.last', number::text, false);
    if number % 1000 = 0 then
        perform pg_notify('bench_handled', number::text);
    end if;
end
$body$;

-- Appends to a table, as a log of measurements does. The table's own ids show afterwards whether the order was kept.
create table bench.event (id bigint generated always as identity primary key, number bigint not null);

create function bench.append(args jsonb, kwargs jsonb, details jsonb) returns void
language plpgsql as $body$
declare
    appended bench.event;
begin
    insert into bench.event (number) values ((args ->> 0)::bigint) returning * into appended;
    if appended.number % 1000 = 0 then
        perform pg_notify('bench_handled', appended.number::text);
    end if;
end
$body$;

grant usage on schema bench to wamp;
grant insert, select on bench.event to wamp;
