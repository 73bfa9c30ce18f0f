import Glibc
package import Postgres

/// Installs and upgrades the SQL interface. Blocks.
package struct Installer: Sendable {
    /// The result.
    package struct Report: Sendable, Equatable {
        /// The completed steps, in order; empty if everything was there.
        package var done: [InstallationDeed] = []
        /// Warnings.
        package var warnings: [String] = []
        /// The steps that remain.
        package var next: [String] = []
    }

    /// What is reported while it runs.
    package enum Progress: Sendable, Equatable {
        /// A step is done, as long as all others succeed.
        case done(InstallationDeed)
        /// Another session was in the way: what was done is taken back, and all of it begins again.
        case beginsAgain
    }

    /// The version of this binary.
    private let binary: String

    /// Takes the version of this binary.
    package init(binary: String) {
        self.binary = binary
    }

    private static let lockTimeout = "2s"
    private static let attempts = 10
    private static let pauseInMicroseconds: UInt32 = 500_000

    /// Looks at the catalog first, and at the interface's own table only if no less trusted role could have made it.
    private func plan(
        _ request: InstallationRequest, locking: Bool, on connection: borrowing ScriptConnection
    ) throws -> InstallationPlan {
        let keys = try SchemaKeys(schema: request.schema)
        func survey(_ request: InstallationRequest) throws -> SchemaSurvey {
            func look() throws -> SchemaSurvey {
                let survey = try SchemaSurvey(
                    of: request.schema, owner: request.isSelf ? nil : keys.owner, role: request.role,
                    grantees: (request.grantTo ?? []) + (request.registerTo ?? []) + request.revokeFrom,
                    server: keys.server, on: connection)
                try SchemaTrust(survey, schema: request.schema, owner: keys.owner).check(request)
                return survey
            }
            var survey = try look()
            try survey.read(request.schema, locking: locking, on: connection, check: look)
            return survey
        }
        var request = request
        var found = try survey(request)
        if !request.isSelf, !request.isRoleGiven, let role = found.meta?["sidecar_role"] {
            request.role = role
            found = try survey(request)
        }
        return try InstallationPlan(request, on: found, binary: self.binary)
    }

    /// The statements that ``run(_:on:)`` would run now, as one script. It can change nothing.
    package func script(_ request: InstallationRequest, on connection: borrowing ScriptConnection) throws
        -> String
    {
        let plan = try self.look(request, on: connection)
        let steps = plan.steps.map { $0.title.isEmpty ? $0.shown : "-- \($0.deed)\n\($0.shown)" }
        let notes =
            plan.warnings.map { "note: \($0)" } + plan.next(at: Self.address(of: connection)).map { "next: \($0)" }
        let comments = notes.map { "-- " + $0.split(separator: "\n").joined(separator: "\n-- ") }
        return (["begin;"] + steps + ["commit;"] + comments).joined(separator: "\n\n")
    }

    /// Plans in a read-only transaction.
    func look(_ request: InstallationRequest, on connection: borrowing ScriptConnection) throws
        -> InstallationPlan
    {
        try connection.run("set default_transaction_read_only = on")
        try connection.run("begin isolation level read committed read only")
        do {
            try self.prepare(connection)
            let plan = try self.plan(request, locking: false, on: connection)
            try connection.run("rollback")
            return plan
        } catch {
            try? connection.run("rollback")
            throw error
        }
    }

    private static func address(of connection: borrowing ScriptConnection) -> String {
        "\(connection.host ?? "127.0.0.1"):\(connection.port)"
    }

    /// Does everything in one transaction, and repeats it if another session was in the way.
    ///
    /// - Throws: ``InstallationRefusal``, ``SchemaNameError`` or `DatabaseError`; nothing is changed then.
    package func run(
        _ request: InstallationRequest, on connection: borrowing ScriptConnection,
        progress: (Progress) -> Void = { _ in }
    ) throws -> Report {
        var attempt = 1
        var isRefused = false
        while true {
            do {
                return try self.attempt(request, on: connection, progress)
            } catch let error as DatabaseError where error.isPassing && attempt < Self.attempts {
                attempt += 1
                progress(.beginsAgain)
            } catch is InstallationRefusal where !isRefused {
                // The catalog is read in several queries: objects that another installer made between two of them seem
                // foreign.
                isRefused = true
            }
            usleep(Self.pauseInMicroseconds)
        }
    }

    private func attempt(
        _ request: InstallationRequest, on connection: borrowing ScriptConnection, _ progress: (Progress) -> Void
    ) throws -> Report {
        try connection.run("begin isolation level read committed read write")
        do {
            try self.prepare(connection)
            let plan = try self.plan(request, locking: true, on: connection)
            var report = Report(done: [], warnings: plan.warnings, next: plan.next(at: Self.address(of: connection)))
            if let squatter = try Self.hint(request.schema, on: connection) { report.warnings.append(squatter) }
            for step in plan.steps {
                let before = step.isRepair ? try Self.fingerprint(request.schema, on: connection) : nil
                guard try Self.take(step, on: connection, &report) else { continue }
                if let before, try before == Self.fingerprint(request.schema, on: connection) {
                    report.done.removeLast()
                } else {
                    progress(.done(step.deed))
                }
            }
            try connection.run("commit")
            return report
        } catch {
            try? connection.run("rollback")
            throw error
        }
    }

    /// Takes the advisory lock that binaries of version 0.1 wait for, if it is free.
    ///
    /// Any role can hold it without end, so nothing depends on it: an installer holds the lock of `meta`, which only
    /// the owner can take, and new objects are unique in the catalog.
    private static func hint(_ schema: String, on connection: borrowing ScriptConnection) throws -> String? {
        let lock = try SchemaKeys(schema: schema).installLock
        let keys = ["\(lock.0)", "\(lock.1)"]
        let taken = try connection.query("select pg_try_advisory_xact_lock($1::int, $2::int)", keys)
        guard !SurveyRow(taken).flag(0) else { return nil }
        let holder = SurveyRow(
            try connection.query(
                """
                select l.pid, coalesce(a.usename::text, 'unknown') from pg_locks as l left join pg_stat_activity as a
                    on a.pid = l.pid
                where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = $1::int::oid
                    and l.objid = $2::int::oid and l.database = (
                        select d.oid from pg_database as d where d.datname = current_database())
                    and l.pid <> pg_backend_pid()
                order by a.backend_start limit 1
                """, keys))
        guard let pid = holder.text(0), let role = holder.text(1) else { return nil }
        return """
            the advisory lock of installing is held by the session \(pid) of role \(role); nothing waits for it, but a \
            wamp-sidecar 0.1 would: if it installs nothing, select pg_terminate_backend(\(pid)) ends it
            """
    }

    /// Sets, until the end of the transaction, the settings that the database's owner could have changed.
    static func pin(_ connection: borrowing ScriptConnection, lockTimeout: String) throws(DatabaseError) {
        try connection.run(
            """
            set local search_path = pg_catalog, pg_temp;
            set local lock_timeout = '\(lockTimeout)';
            set local statement_timeout = 0;
            set local idle_in_transaction_session_timeout = 0;
            set local client_min_messages = warning;
            set local standard_conforming_strings = on
            """)
    }

    private func prepare(_ connection: borrowing ScriptConnection) throws(DatabaseError) {
        try Self.pin(connection, lockTimeout: Self.lockTimeout)
        // No password may get into the server's log, not even a password's verifier.
        let row = SurveyRow(try connection.query("select rolsuper from pg_roles where rolname = current_user"))
        guard row.flag(0) else { return }
        try connection.run(
            """
            set local log_statement = 'none';
            set local log_min_error_statement = 'panic';
            set local log_min_duration_statement = -1
            """)
    }

    /// A hash of the rights on the interface and of its functions' text: it shows whether a repair changed anything.
    private static func fingerprint(_ schema: String, on connection: borrowing ScriptConnection)
        throws(DatabaseError) -> String?
    {
        let keys = try? SchemaKeys(schema: schema)
        return SurveyRow(
            try connection.query(
                """
                select hashtextextended(concat_ws(' ', n.nspacl,
                    (select string_agg(concat_ws(' ', p.oid, p.proacl, p.prosrc), ' ' order by p.oid)
                        from pg_proc as p where p.pronamespace = n.oid),
                    (select string_agg(concat_ws(' ', c.oid, c.relacl), ' ' order by c.oid)
                        from pg_class as c where c.relnamespace = n.oid),
                    (select string_agg(concat_ws(' ', a.attrelid, a.attnum, a.attacl), ' ' order by a.attrelid,
                        a.attnum)
                        from pg_attribute as a join pg_class as c on c.oid = a.attrelid
                        where c.relnamespace = n.oid and a.attacl is not null),
                    (select string_agg(concat_ws(' ', t.oid, t.typacl), ' ' order by t.oid)
                        from pg_type as t where t.typnamespace = n.oid),
                    (select string_agg(concat_ws(' ', s.oid, s.srvacl, s.srvoptions), ' ') from pg_foreign_server as s
                        where s.srvname = $2),
                    (select count(*) from pg_user_mappings as u where u.srvname = $2)), 0)
                from pg_namespace as n where n.nspname = $1
                """, [schema, keys?.server])
        ).text(0)
    }

    /// - Returns: whether the report has the step as done.
    private static func take(
        _ step: InstallationStep, on connection: borrowing ScriptConnection, _ report: inout Report
    ) throws(DatabaseError) -> Bool {
        guard let warning = step.warning else {
            try connection.run(step.sql)
            guard !step.title.isEmpty else { return false }
            report.done.append(step.deed)
            return true
        }
        try connection.run("savepoint step")
        do throws(DatabaseError) {
            try connection.run(step.sql)
            try connection.run("release savepoint step")
            report.done.append(step.deed)
            return true
        } catch {
            guard !error.isPassing else { throw error }
            try connection.run("rollback to savepoint step; release savepoint step")
            report.warnings.append("\(step.title): \(error.message). \(warning)")
            return false
        }
    }
}

extension DatabaseError {
    /// Whether another session was in the way, which may soon be gone.
    fileprivate var isPassing: Bool {
        // Another installer made the objects that the catalog did not show before: the next look finds them.
        ["55P03", "40P01", "40001", "42710", "42P06", "42P07"].contains(self.sqlstate)
            || self.message.hasPrefix("tuple concurrently ")
            || self.sqlstate == "23505" && self.message.contains("\"pg_")
    }
}
