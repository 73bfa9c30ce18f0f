-- A hundred functions of two kinds: those that get the payload as it is, and those whose arguments are mapped.
do $body$
begin
    for n in 1..50 loop
        execute format('create function bench.raw_%s(args jsonb, kwargs jsonb, details jsonb) returns jsonb '
            'language sql as ''select args''', n);
        execute format('create function bench.native_%s(number bigint, name text default null) '
            'returns table (id bigint, label text) language sql as ''select 1::bigint, $2''', n);
    end loop;
end
$body$;
