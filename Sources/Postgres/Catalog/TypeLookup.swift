/// The query that looks types up by oid, and the meaning of its rows. It serves statements, whose parameters and
/// columns the server describes by oid only.
package enum TypeLookup {
    /// The query's parameter: the oids.
    package static func parameters(for oids: [UInt32]) -> Parameters {
        var parameters = Parameters()
        parameters.append("{" + oids.map(String.init).joined(separator: ",") + "}")
        return parameters
    }

    /// The types by oid. A missing one has been dropped meanwhile.
    package static func types(in rows: Rows) throws(FunctionFault) -> [UInt32: TypeDefinition] {
        var types: [UInt32: TypeDefinition] = [:]
        for values in rows.values {
            let type = try LookupRow(values: values).type()
            types[type.oid] = type
        }
        return types
    }

    /// The text of the query. Its columns are at the same positions as those of ``FunctionLookup/query``.
    package static let query = """
        with recursive domain_chain(domain, base) as (
          select t.oid, t.typbasetype from pg_catalog.pg_type t where t.typtype operator(pg_catalog.=) 'd'
          union all
          select d.domain, t.typbasetype
          from domain_chain d join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) d.base
          where t.typtype operator(pg_catalog.=) 'd'
        ), domain_base as (
          select d.domain, d.base
          from domain_chain d join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) d.base
          where t.typtype operator(pg_catalog.<>) 'd'
        )
        select 'type', null, null, null, null, t.oid, n.nspname, t.typname, pg_catalog.format_type(t.oid, null),
               t.typtype, b.oid, b.typtype, b.typcategory, coalesce(ed.base, e.oid)
        from pg_catalog.pg_type t
        join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) t.typnamespace
        left join domain_base d on d.domain operator(pg_catalog.=) t.oid
        join pg_catalog.pg_type b on b.oid operator(pg_catalog.=) coalesce(d.base, t.oid)
        left join pg_catalog.pg_type e on e.oid operator(pg_catalog.=) b.typelem
          and b.typcategory operator(pg_catalog.=) 'A'
        left join domain_base ed on ed.domain operator(pg_catalog.=) e.oid
        where t.oid operator(pg_catalog.=) any ($1::pg_catalog._oid)
        """
}
