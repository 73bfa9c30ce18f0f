import Postgres

/// What leading asks of the database, with the SQL interface and without.
struct LeadershipStatements {
    let tryLock = Statement("select pg_catalog.pg_try_advisory_lock($1::pg_catalog.int4, $2::pg_catalog.int4)")
    let unlock = Statement("select pg_catalog.pg_advisory_unlock($1::pg_catalog.int4, $2::pg_catalog.int4)")
    let holder: Statement
    /// Ends a backend, but only one that holds the lock at that moment: process ids are used again.
    let terminate: Statement
    /// Nil without the SQL interface: then the server alone notices a leader that is gone.
    let stamp: Statement?

    private static let locks = """
        pg_catalog.pg_locks l where l.locktype = 'advisory' and l.granted and l.objsubid = 2 \
        and l.classid = pg_catalog.int8($1::pg_catalog.int4)::pg_catalog.oid \
        and l.objid = (case when $2::pg_catalog.int4 < 0 then pg_catalog.int8($2::pg_catalog.int4) + 4294967296 \
        else pg_catalog.int8($2::pg_catalog.int4) end)::pg_catalog.oid \
        and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
        """

    /// - Parameter schema: where the SQL interface is, as an identifier; nil if it is not installed.
    init(schema: String?) {
        if let schema {
            self.holder = Statement(
                """
                select h.pid, r.address, r.application, r.since, r.age \
                from (select l.pid from \(Self.locks)) h left join \(schema).leader_read() r on r.pid = h.pid \
                and r.backend_start = (select a.backend_start from pg_catalog.pg_stat_activity a where a.pid = h.pid)
                """)
            self.stamp = Statement("select \(schema).leader_stamp(pg_catalog.current_setting('application_name'))")
        } else {
            self.holder = Statement(
                """
                select h.pid, coalesce(pg_catalog.host(a.client_addr), 'local'), a.application_name, a.backend_start, null \
                from (select l.pid from \(Self.locks)) h left join pg_catalog.pg_stat_activity a on a.pid = h.pid
                """)
            self.stamp = nil
        }
        self.terminate = Statement(
            """
            select pg_catalog.pg_terminate_backend(h.pid) from (select l.pid from \(Self.locks)) h \
            where h.pid = $3::pg_catalog.int4
            """)
    }
}
