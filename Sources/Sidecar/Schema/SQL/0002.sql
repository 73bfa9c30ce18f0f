-- Version 2 of the SQL interface: what changes from version 1. Run once, in one transaction, as the role that owns the schema.
-- The names between at signs are those of version 1. A new function's rights are taken from PUBLIC here, where it is made.

-----------------------------------------------------------------------------------------------------------------------
-- Values

-----------------------------------------------------------------------------------------------------------------------
-- The outbox and its relay

-----------------------------------------------------------------------------------------------------------------------
-- Leadership

-----------------------------------------------------------------------------------------------------------------------
-- Registering

-- The ids of the rows of registration or subscription behind one, in their order, with spaces between: cheap, since the
-- sidecar asks at each change. What it does not know yet, or wants to check, it reads by mapping_page().
create function @schema@.mapping_list(kind text, after bigint, most int) returns text
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
begin
    if mapping_list.kind = 'registration' then
        return (select string_agg(l.id::text, ' ' order by l.id) from (
            select r.id from @schema@.registration as r where r.id > mapping_list.after order by r.id
            limit mapping_list.most) as l);
    end if;
    return (select string_agg(l.id::text, ' ' order by l.id) from (
        select s.id from @schema@.subscription as s where s.id > mapping_list.after order by s.id
        limit mapping_list.most) as l);
end $body$;

-- These rows of registration or subscription, those that there are. fault: as in mapping_rows().
create function @schema@.mapping_page(of_kind text, ids bigint[])
returns table (kind text, id bigint, uri text, proc text, signature text, options text, registered_by text, fault text)
language plpgsql stable parallel unsafe security definer set search_path = pg_catalog, pg_temp as $body$
#variable_conflict use_column
begin
    if mapping_page.of_kind = 'registration' then
        return query select 'registration', r.id, r.uri, r.proc, r.signature, r.options::text, r.registered_by, f.message
            from @schema@.registration as r
                cross join lateral @schema@.mapping_fault(r.proc, r.signature, r.registered_by) as f
            where r.id = any (mapping_page.ids) order by r.id;
        return;
    end if;
    return query select 'subscription', s.id, s.topic, s.proc, null::text, s.options::text, s.registered_by, f.message
        from @schema@.subscription as s
            cross join lateral @schema@.mapping_fault(s.proc, null, s.registered_by) as f
        where s.id = any (mapping_page.ids) order by s.id;
end $body$;

revoke all on function @schema@.mapping_list(text, bigint, int), @schema@.mapping_page(text, bigint[]) from public;

-----------------------------------------------------------------------------------------------------------------------
-- The call port

-----------------------------------------------------------------------------------------------------------------------
-- Version

update @schema@.meta as m set value = '2' where m.key = 'version';
update @schema@.meta as m set value = '0.2.0' where m.key = 'least_binary';
