package import Postgres

/// Takes the SQL interface away, and what `install` made for it. Blocks.
package struct Uninstaller: Sendable {
    /// What goes with the interface.
    package struct Loss: Sendable, Equatable {
        /// Events that are not published yet.
        package var outbox = 0
        package var deadLetters = 0
        /// Registrations and subscriptions.
        package var mappings = 0
        /// Triggers, functions and the like outside of the schema that depend on it.
        package var dependents: [String] = []
    }

    private let schema: String
    private let keys: SchemaKeys
    private let survey: SchemaSurvey
    /// What would go.
    package let loss: Loss

    /// Looks what is there.
    ///
    /// - Throws: ``InstallationRefusal`` if the interface is not, else `DatabaseError`.
    package init(schema: String, on connection: borrowing ScriptConnection) throws {
        self.schema = schema
        self.keys = try SchemaKeys(schema: schema)
        self.survey = try SchemaSurvey(of: schema, owner: nil, role: nil, on: connection)
        guard self.survey.meta != nil else {
            throw InstallationRefusal(
                "schema \(schema) of database \(self.survey.database) does not hold the interface")
        }
        self.loss = try Self.loss(of: schema, on: connection)
    }

    /// The statements that ``run(on:)`` runs; roles are dropped only where nothing else depends on them.
    package var script: String {
        let roles = self.roles.map { "-- if nothing else is theirs:\n\(Self.drop(role: $0))" }
        return (["begin;", self.statements] + roles + ["commit;"]).joined(separator: "\n\n")
    }

    /// Does it in one transaction.
    ///
    /// - Returns: what was done, and what was left.
    package func run(on connection: borrowing ScriptConnection) throws(DatabaseError) -> Installer.Report {
        var report = Installer.Report()
        try connection.run("begin; set local lock_timeout = '10s'; set local client_min_messages = warning")
        do throws(DatabaseError) {
            try connection.run(self.statements)
            report.done.append("schema \(self.schema) and all that was in it")
            if self.dropsDblink {
                try self.attempt(
                    "extension dblink",
                    "drop extension dblink; drop schema \(SQLText.identifier(self.schema + "_dblink"));",
                    on: connection,
                    &report)
            }
            for role in self.roles { try self.drop(role: role, on: connection, &report) }
            try connection.run("commit")
        } catch {
            try? connection.run("rollback")
            throw error
        }
        return report
    }

    /// The roles that `install` made and that are still there.
    private var roles: [String] {
        (self.survey.listed["roles_made"] ?? []).filter { $0 != self.survey.currentRole }
    }

    private var dropsDblink: Bool { self.survey.meta?["dblink_installed"] == "true" }

    private var statements: String {
        let owner = self.survey.schemaOwner ?? self.survey.currentRole
        return """
            set local role \(SQLText.identifier(owner));
            drop server if exists \(SQLText.identifier(self.keys.server)) cascade;
            drop schema \(SQLText.identifier(self.schema)) cascade;
            set local role \(SQLText.identifier(self.survey.currentRole));
            """
    }

    private static func drop(role: String) -> String {
        let name = SQLText.identifier(role)
        return "drop owned by \(name);\ndrop role \(name);"
    }

    private func drop(
        role: String, on connection: borrowing ScriptConnection, _ report: inout Installer.Report
    ) throws(DatabaseError) {
        let owned = SurveyRow(
            try connection.query(
                """
                select count(*) from pg_shdepend as d, pg_roles as r
                where r.rolname = $1 and d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o'
                """, [role]))
        guard owned.text(0) == "0" else {
            report.warnings.append("the role \(role) is left, since it owns other things")
            return
        }
        try self.attempt("role \(role)", Self.drop(role: role), on: connection, &report)
    }

    /// Does it if it can be done; else it is left, with a word about it.
    private func attempt(
        _ title: String, _ statements: String, on connection: borrowing ScriptConnection,
        _ report: inout Installer.Report
    ) throws(DatabaseError) {
        try connection.run("savepoint step")
        do throws(DatabaseError) {
            try connection.run(statements)
            try connection.run("release savepoint step")
            report.done.append(title)
        } catch {
            try connection.run("rollback to savepoint step; release savepoint step")
            report.warnings.append("\(title) is left: \(error.message)")
        }
    }

    private static func loss(of schema: String, on connection: borrowing ScriptConnection) throws(DatabaseError) -> Loss
    {
        func name(_ table: String) -> String { SQLText.qualified(schema, table) }
        let counts = SurveyRow(
            try connection.query(
                """
                select (select count(*) from \(name("outbox"))), (select count(*) from \(name("dead_letter"))),
                    (select count(*) from \(name("registration"))) + (select count(*) from \(name("subscription")))
                """))
        func count(_ column: Int) -> Int { counts.text(column).flatMap { Int($0) } ?? 0 }
        let dependents = try connection.query(
            """
            with inside as (
                select 'pg_class'::regclass as classid, c.oid from pg_class as c, pg_namespace as n
                    where n.oid = c.relnamespace and n.nspname = $1
                union all
                select 'pg_proc'::regclass, p.oid from pg_proc as p, pg_namespace as n
                    where n.oid = p.pronamespace and n.nspname = $1
                union all
                select 'pg_type'::regclass, t.oid from pg_type as t, pg_namespace as n
                    where n.oid = t.typnamespace and n.nspname = $1
            )
            select distinct pg_describe_object(d.classid, d.objid, 0) as described
            from pg_depend as d join inside as i on d.refclassid = i.classid and d.refobjid = i.oid
            where d.deptype in ('n', 'a')
                and (d.classid, d.objid) not in (select j.classid, j.oid from inside as j)
                and d.classid not in ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_rewrite'::regclass)
                and not (d.classid = 'pg_trigger'::regclass
                    and (select t.tgrelid from pg_trigger as t where t.oid = d.objid) in (select oid from inside))
            order by described
            """, [schema])
        return Loss(
            outbox: count(0), deadLetters: count(1), mappings: count(2),
            dependents: dependents.values.compactMap { $0.first ?? nil })
    }
}
