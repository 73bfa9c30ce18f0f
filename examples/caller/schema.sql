-- A function that calls a WAMP procedure in the middle of a transaction. All of it belongs to the role app.

create schema invoice authorization app;
set role app;

create table invoice.line (name text not null, euro numeric not null);

create function invoice.add(name text) returns numeric
language plpgsql as $$
declare
    price jsonb;
begin
    -- Waits for the result; two seconds are enough. The keyword arguments and options are objects.
    price := wamp.call('com.example.price', jsonb_build_array(name), '{"currency": "euro"}', '{"timeout": 2000}');
    insert into invoice.line values (name, (price ->> 'amount')::numeric);
    return price ->> 'amount';
exception when sqlstate 'WA000' then
    -- The procedure's own error: its URI is the message, its arguments are the detail.
    raise notice 'no price for %: %', name, sqlerrm;
    return null;
end
$$;
