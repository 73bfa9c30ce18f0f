-- The shop of sidecar.yaml.example: what its procedures call, and what notifies its channels.

create schema shop;

create table shop.item (
    id bigint generated always as identity primary key,
    name text not null unique,
    stock integer not null check (stock >= 0)
);

insert into shop.item (name, stock) values ('apple', 3), ('apricot', 7), ('banana', 0);

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

-- An error that names itself: WA000, the WAMP error's URI as message, its arguments as detail.
create function shop.item_order(name text, count integer default 1) returns integer
language plpgsql as $$
declare
    ordered shop.item;
begin
    select * into ordered from shop.item where item.name = item_order.name for update;
    if not found or ordered.stock < count then
        raise exception using
            errcode = 'WA000',
            message = 'com.example.error.sold_out',
            detail = jsonb_build_object('args', jsonb_build_array(name),
                                        'kwargs', jsonb_build_object('left', coalesce(ordered.stock, 0)))::text;
    end if;
    update shop.item set stock = stock - count where id = ordered.id returning * into ordered;
    perform pg_notify('order_placed', jsonb_build_object(
        'args', jsonb_build_array(name, count), 'kwargs', jsonb_build_object('left', ordered.stock))::text);
    return ordered.stock;
end
$$;

-- Each change of an item is an event on a topic of its own.
create function shop.item_changed() returns trigger
language plpgsql as $$
begin
    perform pg_notify('item_changed', to_jsonb(new)::text);
    return null;
end
$$;

create trigger item_changed after insert or update on shop.item
for each row execute function shop.item_changed();

grant usage on schema shop to sidecar;
grant select, insert, update on shop.item to sidecar;
