-- Functions that run for events. The sidecar runs them as the role wamp; SECURITY DEFINER, they work as app.

create schema telemetry authorization app;
grant usage on schema telemetry to wamp;
set role app;

create table telemetry.reading (
    sensor text not null,
    value double precision not null check (value > -273.15),
    at timestamptz not null default now()
);
create table telemetry.alarm (topic text not null, payload jsonb not null, publication bigint not null);

-- Native: the event's arguments fill the parameters, by position or by name.
create function telemetry.record(sensor text, value double precision) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into telemetry.reading (sensor, value) values (record.sensor, record.value)
$$;

-- Raw: the payload as it is, and who published what.
create function telemetry.alarm(args jsonb, kwargs jsonb, details jsonb) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    insert into telemetry.alarm (topic, payload, publication)
    values (details ->> 'topic', args, (details ->> 'publication')::bigint)
$$;

revoke execute on all functions in schema telemetry from public;
grant execute on all functions in schema telemetry to wamp;
