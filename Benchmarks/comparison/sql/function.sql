-- What is called in every row of the table: PL/pgSQL that takes a call's positional arguments, keyword arguments and
-- details, as a mapped function of the raw convention does, and adds two numbers.
create schema bench;

create function bench.add2(args jsonb, kwargs jsonb, details jsonb) returns jsonb
language plpgsql as $$
begin
    return to_jsonb((args->>0)::bigint + (args->>1)::bigint);
end
$$;
