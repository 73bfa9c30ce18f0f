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

    /// Looks what is there.
    static func survey(_ request: InstallationRequest, on connection: borrowing ScriptConnection) throws -> SchemaSurvey
    {
        try SchemaSurvey(
            of: request.schema,
            owner: request.isSelf ? nil : SchemaKeys(schema: request.schema).owner,
            role: request.role, grantees: (request.grantTo ?? []) + (request.registerTo ?? []), on: connection)
    }

    /// The statements that ``run(_:on:)`` would run now, as one script.
    package static func script(_ request: InstallationRequest, on connection: borrowing ScriptConnection) throws
        -> String
    {
        let plan = try InstallationPlan(request, on: self.survey(request, on: connection), binary: Sidecar.version)
        let steps = plan.steps.map { $0.title.isEmpty ? $0.shown : "-- \($0.title)\n\($0.shown)" }
        let warnings = plan.warnings.map { "-- " + $0.split(separator: "\n").joined(separator: "\n-- ") }
        return (["begin;"] + steps + ["commit;"] + warnings).joined(separator: "\n\n")
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
        let keys = try SchemaKeys(schema: request.schema)
        try connection.run("begin isolation level read committed read write")
        do {
            try self.prepare(connection)
            _ = try connection.query(
                "select pg_catalog.pg_advisory_xact_lock($1::int, $2::int)",
                ["\(keys.installLock.0)", "\(keys.installLock.1)"])
            let plan = try InstallationPlan(request, on: self.survey(request, on: connection), binary: Sidecar.version)
            var report = Report(done: [], warnings: plan.warnings)
            for step in plan.steps { try self.take(step, on: connection, &report) }
            try connection.run("commit")
            return report
        } catch {
            try? connection.run("rollback")
            throw error
        }
    }

    private static func prepare(_ connection: borrowing ScriptConnection) throws(DatabaseError) {
        try connection.run(
            """
            set local search_path = pg_catalog, pg_temp;
            set local lock_timeout = '\(self.lockTimeout)';
            set local statement_timeout = 0;
            set local idle_in_transaction_session_timeout = 0;
            set local client_min_messages = warning;
            set local standard_conforming_strings = on
            """)
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
        ["55P03", "40P01", "40001"].contains(self.sqlstate)
            || self.message.hasPrefix("tuple concurrently ") || self.message.contains("pg_namespace_nspname_index")
    }
}
