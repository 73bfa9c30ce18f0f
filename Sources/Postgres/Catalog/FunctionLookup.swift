package import Names

/// The query that looks a function up, and the meaning of its rows.
///
/// One query per function, so that a signature that the server can't parse affects no other. Every name in it is
/// qualified, so that objects in a user's search path can't replace operators. The search path counts only for function
/// names without a schema, as intended.
package enum FunctionLookup {
    /// The query's parameters: schema, name, types of the signature, and the role that will call it (nil: the session's
    /// own).
    package static func parameters(for reference: FunctionReference, role: String? = nil) -> Parameters {
        var parameters = Parameters()
        parameters.append(orNull: reference.schema)
        parameters.append(reference.name)
        parameters.append(orNull: reference.types.map(SQLText.array))
        parameters.append(orNull: role)
        return parameters
    }

    /// The text of the query, for all references. Prepare it to look many up: planning takes longer than running.
    package static let query = """
        with recursive reference as (
          select $1::pg_catalog.text as schema, $2::pg_catalog.text as name, $3::pg_catalog._text as types,
                 coalesce($4::pg_catalog.name, current_user) as role
        ), signature as (
          select t.position, t.name, pg_catalog.to_regtype(t.name)::pg_catalog.oid as oid
          from reference r cross join lateral pg_catalog.unnest(r.types) with ordinality as t(name, position)
        ), named as (
          select p.oid, p.pronamespace, p.proargtypes
          from reference r
          join pg_catalog.pg_proc p on p.proname::pg_catalog.text operator(pg_catalog.=) r.name
          join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) p.pronamespace
          where case when r.schema is null then pg_catalog.pg_function_is_visible(p.oid)
                     else n.nspname::pg_catalog.text operator(pg_catalog.=) r.schema end
        ), wanted as (
          select w.oid
          from named w cross join reference r
          where r.types is null
             or pg_catalog.array_to_string(w.proargtypes::pg_catalog._oid, ' ') operator(pg_catalog.=)
                (select coalesce(pg_catalog.string_agg(coalesce(s.oid::pg_catalog.text, '?'),
                    ' ' order by s.position), '')
                 from signature s)
        ), candidate as (
          select p.*, n.nspname, r.role, p.oid operator(pg_catalog.=) any (select w.oid from wanted w) as is_wanted
          from reference r
          join pg_catalog.pg_proc p on p.proname::pg_catalog.text operator(pg_catalog.=) r.name
          join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) p.pronamespace
          where p.pronamespace operator(pg_catalog.=) any (select m.pronamespace from named m)
        ), domain_chain(domain, base) as (
          select t.oid, t.typbasetype from pg_catalog.pg_type t where t.typtype operator(pg_catalog.=) 'd'
          union all
          select d.domain, t.typbasetype
          from domain_chain d join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) d.base
          where t.typtype operator(pg_catalog.=) 'd'
        ), domain_base as (
          select d.domain, d.base
          from domain_chain d join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) d.base
          where t.typtype operator(pg_catalog.<>) 'd'
        ), argument as (
          select c.oid as function, c.role, a.position, a.type,
                 coalesce(c.proargmodes[a.position], 'i') as mode, coalesce(c.proargnames[a.position], '') as name
          from candidate c
          cross join lateral pg_catalog.unnest(coalesce(c.proallargtypes, c.proargtypes::pg_catalog._oid))
            with ordinality as a(type, position)
        ), item as (
          select 1 as rank, 'signature' as kind, 0::pg_catalog.oid as function, s.position, s.name, '' as mode,
                 s.oid as type,
                 null::pg_catalog._text as facts
          from signature s
          union all
          select 2, 'schema', 0, 0, n.nspname::pg_catalog.text, '', null,
                 array[pg_catalog.has_schema_privilege(r.role, n.oid, 'USAGE')::pg_catalog.text]
          from reference r join pg_catalog.pg_namespace n on n.nspname::pg_catalog.text operator(pg_catalog.=) r.schema
          union all
          select 3, 'function', c.oid, 0, c.proname::pg_catalog.text, c.prokind::pg_catalog.text, c.prorettype,
                 array[c.nspname::pg_catalog.text, c.is_wanted::pg_catalog.text, c.proretset::pg_catalog.text,
                       c.pronargdefaults::pg_catalog.text,
                       pg_catalog.pg_get_function_identity_arguments(c.oid),
                       pg_catalog.pg_get_function_arguments(c.oid),
                       pg_catalog.has_function_privilege(c.role, c.oid, 'EXECUTE')::pg_catalog.text,
                       pg_catalog.has_schema_privilege(c.role, c.pronamespace, 'USAGE')::pg_catalog.text,
                       c.role::pg_catalog.text,
                       (select pg_catalog.has_schema_privilege(c.role, t.typnamespace, 'USAGE')::pg_catalog.text
                        from pg_catalog.pg_type t where t.oid operator(pg_catalog.=) c.prorettype),
                       (select (l.lanname operator(pg_catalog.=) 'sql')::pg_catalog.text
                        from pg_catalog.pg_language l where l.oid operator(pg_catalog.=) c.prolang)]
          from candidate c
          union all
          select 4, 'argument', a.function, a.position, a.name, a.mode::pg_catalog.text, a.type,
                 array[pg_catalog.has_schema_privilege(a.role, t.typnamespace, 'USAGE')::pg_catalog.text]
          from argument a join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) a.type
          union all
          select 5, 'attribute', c.oid, a.attnum, a.attname::pg_catalog.text, '', a.atttypid, null
          from candidate c
          left join domain_base d on d.domain operator(pg_catalog.=) c.prorettype
          join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) coalesce(d.base, c.prorettype)
          join pg_catalog.pg_attribute a on a.attrelid operator(pg_catalog.=) t.typrelid
          where c.is_wanted and t.typrelid operator(pg_catalog.<>) 0 and a.attnum operator(pg_catalog.>) 0
              and not a.attisdropped
          union all
          (select 6, 'other', 0, 0, p.proname::pg_catalog.text, '', null, array[n.nspname::pg_catalog.text]
           from reference r cross join pg_catalog.pg_proc p
           join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) p.pronamespace
           where not exists (select from named m) and p.prokind operator(pg_catalog.=) any (array['f', 'p'])
             and n.nspname::pg_catalog.text operator(pg_catalog.<>) all (array['pg_catalog', 'information_schema'])
             and (p.proname::pg_catalog.text operator(pg_catalog.=) r.name
                  or case when r.schema is null then pg_catalog.pg_function_is_visible(p.oid)
                     else n.nspname::pg_catalog.text operator(pg_catalog.=) r.schema end
                  or pg_catalog.lower(p.proname::pg_catalog.text) operator(pg_catalog.=) pg_catalog.lower(r.name))
           order by p.proname::pg_catalog.text operator(pg_catalog.<>) r.name, p.proname, n.nspname limit 1000)
        )
        select i.kind, i.function, i.position, i.name, i.mode, t.oid, n.nspname, t.typname,
               pg_catalog.format_type(t.oid, null),
               t.typtype, b.oid, b.typtype, b.typcategory, coalesce(ed.base, e.oid),
               i.facts[1], i.facts[2], i.facts[3], i.facts[4], i.facts[5], i.facts[6], i.facts[7], i.facts[8],
               i.facts[9], i.facts[10], i.facts[11]
        from item i
        left join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) i.type
        left join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) t.typnamespace
        left join domain_base d on d.domain operator(pg_catalog.=) t.oid
        left join pg_catalog.pg_type b on b.oid operator(pg_catalog.=) coalesce(d.base, t.oid)
        left join pg_catalog.pg_type e on e.oid operator(pg_catalog.=) b.typelem
          and b.typcategory operator(pg_catalog.=) 'A'
        left join domain_base ed on ed.domain operator(pg_catalog.=) e.oid
        order by i.rank, i.function, i.position
        """
}

extension Parameters {
    fileprivate mutating func append(orNull text: String?) {
        if let text { append(text) } else { appendNull() }
    }
}
