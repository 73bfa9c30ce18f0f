import Glibc
package import Postgres

/// Installs and upgrades the SQL interface. Blocks; see ``SelfInstallation`` for the event loop's side.
package enum Installer {
    /// What was done.
    package struct Report: Sendable, Equatable {
        /// The titles of the steps, in order.
        package var done: [String] = []
        /// What somebody should know.
        package var warnings: [String] = []
    }

    private static let lockTimeout = "2s"
    private static let attempts = 10
    private static let pauseInMicroseconds: UInt32 = 500_000

    /// Looks at the catalog first, and at the interface's own table only if nobody less trusted could have made it.
    private static func survey(
        _ request: InstallationRequest, locking: Bool, on connection: borrowing ScriptConnection
    ) throws -> SchemaSurvey {
        let keys = try SchemaKeys(schema: request.schema)
        func look() throws -> SchemaSurvey {
            let survey = try SchemaSurvey(
                of: request.schema, owner: request.isSelf ? nil : keys.owner, role: request.role,
                grantees: (request.grantTo ?? []) + (request.registerTo ?? []), server: keys.server, on: connection)
            try SchemaTrust(survey, schema: request.schema, owner: keys.owner).check(request)
            return survey
        }
        var survey = try look()
        try survey.read(request.schema, locking: locking, on: connection, check: look)
        return survey
    }

    /// The statements that ``run(_:on:)`` would run now, as one script. It changes nothing, and could not.
    package static func script(_ request: InstallationRequest, on connection: borrowing ScriptConnection) throws
        -> String
    {
        try connection.run("set default_transaction_read_only = on")
        try connection.run("begin isolation level read committed read only")
        do {
            try self.prepare(connection)
            let plan = try InstallationPlan(
                request, on: self.survey(request, locking: false, on: connection), binary: Sidecar.version)
            try connection.run("rollback")
            let steps = plan.steps.map { $0.title.isEmpty ? $0.shown : "-- \($0.title)\n\($0.shown)" }
            let warnings = plan.warnings.map { "-- " + $0.split(separator: "\n").joined(separator: "\n-- ") }
            return (["begin;"] + steps + ["commit;"] + warnings).joined(separator: "\n\n")
        } catch {
            try? connection.run("rollback")
            throw error
        }
    }

    /// Does it all in one transaction, again where another one was in the way.
    ///
    /// - Throws: ``InstallationRefusal``, ``SchemaNameError`` or `DatabaseError`; nothing is changed then.
    package static func run(_ request: InstallationRequest, on connection: borrowing ScriptConnection) throws -> Report
    {
        var attempt = 1
        while true {
            do {
                return try self.attempt(request, on: connection)
            } catch let error as DatabaseError where error.isPassing && attempt < self.attempts {
                attempt += 1
                usleep(self.pauseInMicroseconds)
            }
        }
    }

    private static func attempt(_ request: InstallationRequest, on connection: borrowing ScriptConnection) throws
        -> Report
    {
        try connection.run("begin isolation level read committed read write")
        do {
            try self.prepare(connection)
            let survey = try self.survey(request, locking: true, on: connection)
            let plan = try InstallationPlan(request, on: survey, binary: Sidecar.version)
            var report = Report(done: [], warnings: plan.warnings)
            if let squatter = try self.hint(request.schema, on: connection) { report.warnings.append(squatter) }
            for step in plan.steps { try self.take(step, on: connection, &report) }
            try connection.run("commit")
            return report
        } catch {
            try? connection.run("rollback")
            throw error
        }
    }

    /// Takes the advisory lock that binaries of version 0.1 wait for, if it is free.
    ///
    /// Any role can hold it, for ever, so nothing depends on it: who installs holds the lock of `meta`, which only the owner
    /// can take, and what is made anew is unique in the catalog.
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

    /// Pins, to the end of the transaction, what the database's owner could have set otherwise.
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

    private static func prepare(_ connection: borrowing ScriptConnection) throws(DatabaseError) {
        try self.pin(connection, lockTimeout: self.lockTimeout)
        // No password may get into the server's log, not even the one that is made from it.
        let row = SurveyRow(try connection.query("select rolsuper from pg_roles where rolname = current_user"))
        guard row.flag(0) else { return }
        try connection.run(
            """
            set local log_statement = 'none';
            set local log_min_error_statement = 'panic';
            set local log_min_duration_statement = -1
            """)
    }

    private static func take(
        _ step: InstallationStep, on connection: borrowing ScriptConnection, _ report: inout Report
    ) throws(DatabaseError) {
        guard let warning = step.warning else {
            try connection.run(step.sql)
            if !step.title.isEmpty { report.done.append(step.title) }
            return
        }
        try connection.run("savepoint step")
        do throws(DatabaseError) {
            try connection.run(step.sql)
            try connection.run("release savepoint step")
            report.done.append(step.title)
        } catch {
            guard !error.isPassing else { throw error }
            try connection.run("rollback to savepoint step; release savepoint step")
            report.warnings.append("\(step.title): \(error.message). \(warning)")
        }
    }
}

extension DatabaseError {
    /// Whether somebody else was in the way, who may be gone in a moment.
    fileprivate var isPassing: Bool {
        // What the catalog did not show a moment ago was made by another installer: the next look finds it.
        ["55P03", "40P01", "40001", "42710", "42P06", "42P07"].contains(self.sqlstate)
            || self.message.hasPrefix("tuple concurrently ")
            || self.sqlstate == "23505" && self.message.contains("\"pg_")
    }
}
