import Postgres

/// The leadership's statements, with the SQL interface and without.
///
/// With the interface a row, which only the sidecar's role can write, names the leader. In addition the leader's
/// session has a mark, which is the only sign without the interface: an advisory lock whose second key is a random
/// number. Marks of other roles don't count, so a lock of another role can't stand in the way, and the sidecar can
/// always lock another number.
struct LeadershipStatements {
    /// Another session of this role that has a mark, and its lease's data; no row if there is none.
    let marked: Statement
    let mark = Statement("select pg_catalog.pg_try_advisory_lock($1::pg_catalog.int4, $2::pg_catalog.int4)")
    let unmark = Statement("select pg_catalog.pg_advisory_unlock($1::pg_catalog.int4, $2::pg_catalog.int4)")
    /// Takes the lease if it is free, or returns its holder. Nil without the SQL interface.
    let take: Statement?
    /// Returns the lease.
    let release: Statement?
    /// Whether this session still has the lease, and whether others of its role stand by.
    let stamp: Statement
    /// Asks a backend of this role that has a mark or the lease to end: process ids are reused. One that hangs does
    /// not.
    let terminate: Statement
    /// Some sessions of other roles that hold the former lock of leaders, or wait for it, and how many there are.
    static let strangers = Statement(
        """
        select a.pid, a.usename, l.granted, pg_catalog.count(*) over () \
        from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid \
        where l.locktype = 'advisory' and l.objsubid = 2 and \(Self.isKey("l.classid", 1)) \
        and \(Self.isKey("l.objid", 2)) and l.database = \(Self.database) \
        and a.usesysid is distinct from \(Self.ownRole) order by l.granted desc, a.pid limit 5
        """)

    private static let ownRole =
        "(select o.usesysid from pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) o)"
    private static let database =
        "(select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())"

    /// The other sessions of this role that have a mark.
    private static let marks = """
        (select l.pid, a.backend_start, a.client_addr, a.application_name from pg_catalog.pg_locks l \
        join pg_catalog.pg_stat_activity a on a.pid = l.pid \
        where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and \(Self.isKey("l.classid", 1)) \
        and l.database = \(Self.database) and l.pid <> pg_catalog.pg_backend_pid() and a.usesysid = \(Self.ownRole))
        """

    /// Keys are signed; their representation in pg_locks is not.
    private static func isKey(_ column: String, _ number: Int) -> String {
        """
        \(column) = (case when $\(number)::pg_catalog.int4 < 0 \
        then pg_catalog.int8($\(number)::pg_catalog.int4) + 4294967296 \
        else pg_catalog.int8($\(number)::pg_catalog.int4) end)::pg_catalog.oid
        """
    }

    /// - Parameter schema: the schema of the SQL interface, as an identifier; nil if it is not installed.
    init(schema: String?) {
        let application = "pg_catalog.current_setting('application_name')"
        let othersWait = """
            exists (select from pg_catalog.pg_stat_activity a where a.datname = pg_catalog.current_database() \
            and a.usesysid = \(Self.ownRole) and a.pid <> pg_catalog.pg_backend_pid() \
            and pg_catalog.right(a.application_name, 7) = ' leader')
            """
        if let schema {
            self.marked = Statement(
                """
                select h.pid, r.address, r.application, r.since, r.age from \(Self.marks) h \
                left join \(schema).leader_read() r on r.pid = h.pid and r.backend_start = h.backend_start \
                order by r.pid is null, h.pid limit 1
                """)
            self.take = Statement(
                """
                select taken, continued, pid, address, holder, since, age \
                from \(schema).leader_take($1::pg_catalog.uuid, \(application))
                """)
            self.release = Statement("select \(schema).leader_release()")
            self.stamp = Statement("select \(schema).leader_stamp(), \(othersWait)")
            self.terminate = Statement(
                """
                select pg_catalog.pg_terminate_backend(h.pid) from (select m.pid from \(Self.marks) m union \
                select r.pid from \(schema).leader_read() r join pg_catalog.pg_stat_activity a on a.pid = r.pid \
                and a.backend_start = r.backend_start and a.usesysid = \(Self.ownRole)) h \
                where h.pid = $2::pg_catalog.int4
                """)
        } else {
            self.marked = Statement(
                """
                select h.pid, coalesce(pg_catalog.host(h.client_addr), 'local'), h.application_name, \
                h.backend_start, null \
                from \(Self.marks) h order by h.pid limit 1
                """)
            self.take = nil
            self.release = nil
            self.stamp = Statement("select true, \(othersWait)")
            self.terminate = Statement(
                """
                select pg_catalog.pg_terminate_backend(h.pid) from \(Self.marks) h where h.pid = $2::pg_catalog.int4
                """)
        }
    }
}
