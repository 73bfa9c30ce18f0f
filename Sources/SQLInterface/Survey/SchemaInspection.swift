import Postgres

/// The objects of a schema that the interface's scripts do not make, according to the catalog. To find them, none of
/// them runs.
///
/// The catalog's own functions and operators do run, so the session's `search_path` must be set to it before.
struct SchemaInspection: Sendable, Equatable {
    /// One object that does not belong there.
    struct Finding: Sendable, Equatable {
        /// The object, for people: `trigger x on table y`.
        let what: String
        /// Its author, according to the catalog.
        let author: String?
        /// Whether its author is neither the schema's owner nor a superuser.
        let isOthers: Bool
    }

    let findings: [Finding]

    /// Takes the values.
    init(_ findings: [Finding] = []) {
        self.findings = findings
    }

    /// Looks.
    init(
        of schema: String, inventory: SchemaInventory = .interface, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) {
        func names(_ set: Set<String>) -> String { SQLText.array(set.sorted()) }
        let rows = try connection.query(
            Self.query,
            [
                schema, names(inventory.tables), names(inventory.types), names(inventory.triggers),
                names(inventory.functions), names(inventory.words), names(inventory.views),
            ])
        self.findings = rows.values.compactMap { row in
            guard row.count == 3, let what = row[0] else { return nil }
            return Finding(what: what, author: row[1], isOthers: row[2] == "t")
        }
    }

    /// Each part is (object, author).
    private static let query = """
        with space as (select n.oid, n.nspowner as owner, n.nspacl as acl from pg_namespace as n where n.nspname = $1),
        relation as (
            select c.oid, c.relname, c.relowner, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
                c.relispartition, c.relacl,
                format('%s %I', case c.relkind when 'r' then 'table' when 'v' then 'view' when 'm' then
                    'materialized view'
                    when 'S' then 'sequence' when 'i' then 'index' when 'f' then 'foreign table' when 'c' then 'type'
                    else 'partitioned relation' end, c.relname) as what
            from pg_class as c join space as s on c.relnamespace = s.oid),
        expression as (
            select format('default of column %I of %s', a.attname, r.what) as what, d.adbin::text as tree,
                r.relowner as author
            from pg_attrdef as d join relation as r on d.adrelid = r.oid
                join pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
            union all select format('constraint %I on %s', k.conname, r.what), k.conbin::text, r.relowner
            from pg_constraint as k join relation as r on k.conrelid = r.oid
            union all select r.what, concat(i.indexprs::text, i.indpred::text), r.relowner
            from pg_index as i join relation as r on i.indexrelid = r.oid
            union all select format('trigger %I on %s', t.tgname, r.what), t.tgqual::text, r.relowner
            from pg_trigger as t join relation as r on t.tgrelid = r.oid
            union all select r.what, w.ev_action::text, r.relowner
            from pg_rewrite as w join relation as r on w.ev_class = r.oid where r.relname = any ($7::text[])),
        finding(what, author) as (
            select r.what, r.relowner from relation as r join space as s on true
            where not (r.relkind in ('r', 'S', 'i', 'c') or r.relkind = 'v' and r.relname = any ($7::text[])) or
                r.relispartition or r.relowner <> s.owner
                or (r.relkind = 'r' and r.relname <> all ($2::text[])) or (r.relkind = 'c' and r.relname <> all
                    ($3::text[]))
            union all select format('rule %I on %s', w.rulename, r.what), r.relowner
            from pg_rewrite as w join relation as r on w.ev_class = r.oid where r.relkind not in ('v', 'm') or
                w.ev_type <> '1'
            union all select format('row security on %s', r.what), r.relowner
            from relation as r where r.relrowsecurity or r.relforcerowsecurity
            union all select format('policy %I on %s', p.polname, r.what), r.relowner
            from pg_policy as p join relation as r on p.polrelid = r.oid
            union all select format('%s, which inherits from %s', h.inhrelid::regclass, h.inhparent::regclass),
                c.relowner
            from pg_inherits as h join pg_class as c on c.oid = h.inhrelid
            where h.inhparent in (select oid from relation) or h.inhrelid in (select oid from relation)
            union all select format('trigger %I on %s', t.tgname, r.what), coalesce(p.proowner, r.relowner)
            from pg_trigger as t join relation as r on t.tgrelid = r.oid join space as s on true
                left join pg_proc as p on p.oid = t.tgfoid
            where not t.tgisinternal and (t.tgname <> all ($4::text[]) or t.tgdeferrable or t.tgenabled <> 'O'
                or p.pronamespace <> s.oid or p.proowner <> s.owner or p.proname <> all ($5::text[]))
            union all select format('foreign key %I of %s', k.conname, k.conrelid::regclass), c.relowner
            from pg_constraint as k join pg_class as c on c.oid = k.conrelid join space as s on true
                join pg_class as f on f.oid = k.confrelid
            where k.contype = 'f' and s.oid in (c.relnamespace, f.relnamespace) and c.relnamespace <> f.relnamespace
            union all select distinct e.what, e.author from expression as e
            where e.tree ~ ':(aggfnoid|winfnoid|opnos|subselect) '
                or exists (
                    select from regexp_matches(e.tree, ':funcid (\\d+)', 'g') as m left join pg_proc as p on p.oid =
                        m[1]::oid
                    where p.oid is null or p.oid >= 16384 or (p.proname <> all ($6::text[])
                        and not exists (select from pg_cast as c where c.castfunc = p.oid and c.oid < 16384)))
                or exists (select from regexp_matches(e.tree, ':op(?:no|funcid) (\\d+)', 'g') as m where m[1]::oid
                    >= 16384)
                or exists (
                    select from regexp_matches(e.tree, ':[a-z]*(?:type|typeid) (\\d+)', 'g') as m
                    where m[1]::oid >= 16384 and m[1]::oid not in (
                        select t.oid from pg_type as t join space as s on t.typnamespace = s.oid))
            union all select format('%s, of which %s is made', d.refobjid::regclass, r.what), r.relowner
            from pg_depend as d join pg_rewrite as w on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                join relation as r on w.ev_class = r.oid
            where r.relkind = 'v' and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.oid
            union all select distinct
                format('%s, of which %s is made', pg_describe_object(d.refclassid, d.refobjid, 0), r.what), r.relowner
            from pg_depend as d left join pg_rewrite as w on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                join relation as r on r.oid = case d.classid when 'pg_class'::regclass then d.objid else w.ev_class end
            where d.refobjid >= 16384 and d.refclassid in ('pg_type'::regclass, 'pg_proc'::regclass,
                'pg_operator'::regclass,
                    'pg_opclass'::regclass, 'pg_collation'::regclass, 'pg_am'::regclass, 'pg_extension'::regclass)
                and not (d.refclassid = 'pg_type'::regclass and d.refobjid in (
                    select t.oid from pg_type as t join space as s on t.typnamespace = s.oid))
            union all select pg_describe_object('pg_proc'::regclass, p.oid, 0), p.proowner
            from pg_proc as p join space as s on p.pronamespace = s.oid join pg_language as l on l.oid = p.prolang
            where p.proowner <> s.owner or p.proname <> all ($5::text[]) or p.prokind <> 'f'
                or l.lanname not in ('sql', 'plpgsql')
            union all select format('type %I', t.typname), t.typowner
            from pg_type as t join space as s on t.typnamespace = s.oid
            where t.typowner <> s.owner or not case t.typtype when 'c' then true
                when 'b' then t.typelem in (select e.oid from pg_type as e where e.typnamespace = s.oid) and
                    t.typcategory = 'A'
                else t.typtype = 'e' and t.typname = any ($3::text[]) end
            union all select distinct pg_describe_object(d.classid, d.objid, 0), null::oid
            from pg_depend as d join space as s on d.refclassid = 'pg_namespace'::regclass and d.refobjid = s.oid
            where d.classid not in ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass,
                'pg_default_acl'::regclass)
            union all select format('cast from %s to %s', format_type(c.castsource, null), format_type(c.casttarget,
                null)),
                s.owner
            from pg_cast as c join space as s on exists (select from pg_type as t
                where t.typnamespace = s.oid and t.oid in (c.castsource, c.casttarget))
            union all select format('the right of %s to create in it', coalesce(g.rolname, 'PUBLIC')), g.oid
            from space as s cross join aclexplode(s.acl) as a left join pg_roles as g on g.oid = a.grantee
            where a.privilege_type = 'CREATE' and a.grantee <> s.owner and g.rolsuper is not true
            union all select format('the right of %s to put triggers on %s', coalesce(g.rolname, 'PUBLIC'), r.what),
                g.oid
            from relation as r cross join aclexplode(r.relacl) as a left join pg_roles as g on g.oid = a.grantee
            where a.privilege_type = 'TRIGGER' and a.grantee <> r.relowner and g.rolsuper is not true
        )
        select f.what, a.rolname::text, a.oid is not null and a.oid <> s.owner and not a.rolsuper
        from finding as f join space as s on true left join pg_roles as a on a.oid = f.author
        order by 1, 2
        """
}
