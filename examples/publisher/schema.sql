-- A table whose changes are events, and a function that publishes one of its own. All of it belongs to the role app.

create schema orders authorization app;
set role app;

create table orders.item (
    id bigint generated always as identity primary key,
    name text not null,
    state text not null default 'new'
);

-- Each change of a row is an event, with the columns id and state.
create trigger item_events after insert or update or delete on orders.item
for each row execute function wamp.publish_row('com.example.order.item', 'id', 'state');

-- The event is published when the transaction commits, and not at all if it doesn't.
create function orders.ship(id bigint) returns void
language plpgsql as $$
begin
    update orders.item set state = 'shipped' where item.id = ship.id;
    if not found then
        raise exception 'there is no item %', id;
    end if;
    perform wamp.publish('com.example.order.shipped', jsonb_build_array(id), jsonb_build_object('at', 'the door'));
end
$$;
