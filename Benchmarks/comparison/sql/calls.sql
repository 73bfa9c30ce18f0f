-- Loops that call as often as they can for so many seconds, check each result, and answer how many calls that was a
-- second: out through the sidecar, and by dblink() into the database itself, which is the least that such a call costs.

create function bench.calls_for(seconds float8) returns float8
language plpgsql as $body$
declare
    began timestamptz := clock_timestamp();
    calls int := 0;
begin
    while clock_timestamp() < began + make_interval(secs => seconds) loop
        calls := calls + 1;
        if wamp.call('com.example.bench.echo', jsonb_build_array(calls)) is distinct from to_jsonb(calls) then
            raise exception 'call % was answered with another result', calls;
        end if;
    end loop;
    return calls / extract(epoch from clock_timestamp() - began);
end
$body$;

create function bench.dblinks_for(seconds float8, connection text) returns float8
language plpgsql as $body$
declare
    began timestamptz;
    calls int := 0;
    answer int;
begin
    perform set_config('search_path', (select value from wamp.meta where key = 'dblink_schema'), true);
    perform dblink_connect('bench', connection);
    began := clock_timestamp();
    while clock_timestamp() < began + make_interval(secs => seconds) loop
        calls := calls + 1;
        select * into answer from dblink('bench', 'select ' || calls) as t(n int);
        if answer <> calls then
            raise exception 'call % was answered with another result', calls;
        end if;
    end loop;
    perform dblink_disconnect('bench');
    return calls / extract(epoch from clock_timestamp() - began);
end
$body$;
