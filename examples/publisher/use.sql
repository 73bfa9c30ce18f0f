insert into orders.item (name) values ('lamp');
select orders.ship(1);

-- Rolled back: none of this is published.
begin;
insert into orders.item (name) values ('piano');
select orders.ship(2);
rollback;

delete from orders.item;
