-- The shop of sidecar.yaml.example. It comes after
--     wamp-sidecar install --admin-url .. --grant-to shop --register-to shop
-- because a trigger of it publishes. All of it belongs to the role shop, an application as any other. The sidecar connects as
-- the role wamp, which may read items, and nothing else: functions that do more are SECURITY DEFINER, they run as shop.

create schema shop authorization shop;
grant usage on schema shop to wamp;
set role shop;

create table shop.item (
    id bigint generated always as identity primary key,
    name text not null unique,
    stock integer not null check (stock >= 0)
);

insert into shop.item (name, stock) values ('apple', 3), ('apricot', 7), ('banana', 0);

-- CALLEE: functions that sidecar.yaml makes procedures.

-- A raw function: its parameters are named args and kwargs, so it gets the payload as it is.
create function shop.echo(args jsonb, kwargs jsonb) returns jsonb
language sql as $$
    select jsonb_build_object('args', args, 'kwargs', kwargs)
$$;

-- A native function: two numbers in, one out. The second has a default.
create function shop.add2(a integer, b integer default 0) returns integer
language sql as $$
    select a + b
$$;

-- A composite comes out as one object.
create function shop.item_get(id bigint) returns shop.item
language sql stable as $$
    select item from shop.item where item.id = item_get.id
$$;

-- An error that names itself, and an event that is published if, and only if, the order is committed.
create function shop.item_order(name text, count integer default 1) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    ordered shop.item;
begin
    select * into ordered from shop.item where item.name = item_order.name for update;
    if not found or ordered.stock < count then
        perform wamp.raise_error('com.example.error.sold_out', jsonb_build_array(name),
                                 jsonb_build_object('left', coalesce(ordered.stock, 0)));
    end if;
    update shop.item set stock = stock - count where id = ordered.id returning * into ordered;
    perform wamp.publish('com.example.order.placed', jsonb_build_array(name, count),
                         jsonb_build_object('left', ordered.stock));
    return ordered.stock;
end
$$;

-- SUBSCRIBER: a function that runs for each event.
create function shop.delivered(name text, count integer) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update shop.item set stock = stock + count where item.name = delivered.name
$$;

-- PUBLISHER: each changed stock is an event.
create trigger item_stock after update of stock on shop.item
for each row execute function wamp.publish_row('com.example.item.stock', 'id', 'stock');

-- CALLER: a function that asks a WAMP procedure, and knows what to do if that fails.
create function shop.item_price(name text) returns text
language plpgsql as $$
begin
    return wamp.call('com.example.price', jsonb_build_array(name)) ->> 'euro';
exception when sqlstate 'WA000' then
    return 'no price: ' || sqlerrm;
end
$$;

-- Registered and subscribed from SQL, by shop: they have to be SECURITY DEFINER, and run in sessions of the guest, a role without
-- rights, which therefore has to be allowed to call them.
do $$ begin execute format('grant usage on schema shop to %I', wamp.guest_role()); end $$;
create function shop.stock(name text) returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select stock from shop.item where item.name = stock.name
$$;

create function shop.renamed(id bigint, name text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update shop.item set name = renamed.name where item.id = renamed.id
$$;

grant select on shop.item to wamp;
