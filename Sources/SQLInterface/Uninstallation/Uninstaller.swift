package import Postgres

/// Removes the SQL interface, and the objects and rights that `install` made for it. Blocks.
package struct Uninstaller: Sendable {
    /// The loss with the interface.
    package struct Loss: Sendable, Equatable {
        /// Events that are not published yet.
        package var outbox = 0
        package var deadLetters = 0
        /// Registrations and subscriptions.
        package var mappings = 0
        /// Triggers, functions and the like outside of the schema that depend on it.
        package var dependents: [String] = []
        /// The roles that have rights in the schema.
        package var grantees: [String] = []
    }

    private let schema: String
    private let keys: SchemaKeys
    private let survey: SchemaSurvey
    /// The roles that `install` made for this schema of this database, according to their comments, and which it does
    /// not need.
    private let roles: [String]
    /// The further things to remove.
    private let extras: [UninstallationExtra]
    /// The loss.
    package let loss: Loss
    /// The steps, in order, according to the catalog.
    package let prospect: [InstallationDeed]
    /// The parts of the interface that remain, with the reason.
    package let kept: [String]

    /// Looks at the present state, without changing it.
    ///
    /// - Throws: ``InstallationRefusal`` if there is no interface, or not only the interface, otherwise
    ///   `DatabaseError`.
    package init(schema: String, on connection: borrowing ScriptConnection) throws {
        try connection.run("set default_transaction_read_only = on; begin isolation level read committed read only")
        do {
            try self.init(schema: schema, within: "access share", on: connection)
            try connection.run("rollback")
        } catch {
            try? connection.run("rollback")
            throw error
        }
    }

    /// Looks within a transaction that has begun, and locks the tables in that mode.
    private init(schema: String, within mode: String, on connection: borrowing ScriptConnection) throws {
        self.schema = schema
        self.keys = try SchemaKeys(schema: schema)
        try Installer.pin(connection, lockTimeout: "10s")
        // Once for the names to lock, and once more when nobody can change their meaning.
        _ = try Self.look(schema, self.keys, on: connection)
        let names = Self.tables.map { "only \(SQLText.qualified(schema, $0))" }.joined(separator: ", ")
        try connection.run("lock table \(names) in \(mode) mode")
        self.survey = try Self.look(schema, self.keys, on: connection)
        self.loss = try Self.loss(of: schema, on: connection)
        let marks = InstallationMarks(schema: schema, database: self.survey.database)
        let found = try connection.query(
            """
            select r.rolname::text, shobj_description(r.oid, 'pg_authid') in ($2, $3, $5)
            from pg_roles as r where r.rolname <> current_user and (
                shobj_description(r.oid, 'pg_authid') in ($2, $3, $5) or exists (
                    select from pg_namespace as n left join lateral aclexplode(n.nspacl) as a on a.grantee = r.oid
                    where n.nspname = $1 and (n.nspowner = r.oid or (a.grantee is not null and exists (
                        select from pg_proc as p cross join aclexplode(p.proacl) as e
                        where p.pronamespace = n.oid and p.proname in ('sidecar_hello', 'mapping_guard')
                            and e.grantee = r.oid)))))
            order by r.rolname = $4, 1
            """, [schema, marks.owner, marks.sidecar, self.survey.schemaOwner, marks.guest])
        var (roles, keptRoles, kept) = ([String](), [String](), [String]())
        for row in found.values {
            guard row.count == 2, let name = row[0] else { continue }
            if row[1] == "t" {
                roles.append(name)
            } else {
                keptRoles.append(name)
                kept.append("the role \(name) is left: its comment does not say that install made it for this schema")
            }
        }
        let remains = UninstallationRemains(
            schema: schema, keys: self.keys, survey: self.survey, roles: roles, keptRoles: keptRoles)
        self.roles = roles
        self.extras = try remains.extras(on: connection)
        var prospect = [InstallationDeed("schema \(schema) and all that is in it", verb: Self.gone)]
        for extra in self.extras {
            if let reason = extra.reason {
                kept.append("\(extra.deed.title) is left: \(reason)")
            } else {
                prospect.append(extra.deed)
            }
        }
        for role in roles {
            if let reason = try remains.needs(ofRole: role, on: connection) {
                kept.append("the role \(role) is left: \(reason)")
            } else {
                prospect.append(InstallationDeed("role \(role)", verb: Self.gone))
            }
        }
        if let dblink = self.survey.dblinkSchema, !self.survey.dblinkIsMade {
            kept.append(
                dblink == schema + "_dblink"
                    ? "the extension dblink is left: its comment does not say that install made it for this schema"
                    : "the extension dblink is left: install did not make it")
        }
        self.prospect = prospect
        self.kept = kept
    }

    private static let gone = "gone"

    private static let tables = ["meta", "outbox", "dead_letter", "registration", "subscription"]

    private static func look(
        _ schema: String, _ keys: SchemaKeys, on connection: borrowing ScriptConnection
    ) throws -> SchemaSurvey {
        let survey = try SchemaSurvey(of: schema, owner: nil, role: nil, server: keys.server, on: connection)
        let rows = try connection.query(
            """
            select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
            where n.nspname = $1 and c.relkind = 'r' and c.relname = any ($2::text[])
            """, [schema, SQLText.array(self.tables)])
        guard survey.schemaOwner != nil, !survey.isEmpty else {
            throw InstallationRefusal("schema \(schema) of database \(survey.database) does not contain the interface")
        }
        try SchemaTrust(survey, schema: schema, owner: keys.owner).checkRemoval()
        guard rows.values.count == self.tables.count else {
            throw InstallationRefusal("schema \(schema) of database \(survey.database) does not contain the interface")
        }
        return survey
    }

    /// The statements that ``run(on:)`` runs; roles are dropped only if nothing else depends on them.
    package var script: String {
        let extras = self.extras.filter { $0.reason == nil }.map { "-- \($0.deed)\n\($0.statements)" }
        let roles = self.roles.map { "-- if the role owns nothing else:\n\(Self.drop(role: $0))" }
        let kept = self.kept.map { "-- note: \($0)" }
        return (["begin;", self.statements] + extras + roles + ["commit;"] + kept).joined(separator: "\n\n")
    }

    /// Does everything in one transaction.
    ///
    /// - Returns: the completed steps, and the parts that remain.
    package func run(on connection: borrowing ScriptConnection) throws -> Installer.Report {
        try connection.run("begin isolation level read committed read write")
        do {
            let report = try Self(schema: self.schema, within: "access exclusive", on: connection).take(on: connection)
            try connection.run("commit")
            return report
        } catch {
            try? connection.run("rollback")
            throw error
        }
    }

    private func take(on connection: borrowing ScriptConnection) throws(DatabaseError) -> Installer.Report {
        var report = Installer.Report()
        let remains = UninstallationRemains(
            schema: self.schema, keys: self.keys, survey: self.survey, roles: self.roles, keptRoles: [])
        try connection.run(self.statements)
        report.done.append(InstallationDeed("schema \(self.schema) and all that was in it", verb: Self.gone))
        report.warnings += self.kept
        for extra in self.extras where extra.reason == nil {
            try self.attempt(extra.deed, extra.statements, on: connection, &report)
        }
        for role in self.roles where try remains.needs(ofRole: role, on: connection) == nil {
            let deed = InstallationDeed("role \(role)", verb: Self.gone)
            try self.attempt(deed, Self.drop(role: role), on: connection, &report)
        }
        return report
    }

    private var statements: String {
        let owner = self.survey.schemaOwner ?? self.survey.currentRole
        return """
            set local role \(SQLText.identifier(owner));
            \(self.survey.serverOwner == owner
                ? "drop server \(SQLText.identifier(self.keys.server)) cascade;" : "")
            drop schema \(SQLText.identifier(self.schema)) cascade;
            set local role \(SQLText.identifier(self.survey.currentRole));
            """
    }

    private static func drop(role: String) -> String {
        let name = SQLText.identifier(role)
        return "drop owned by \(name);\ndrop role \(name);"
    }

    /// Does it if possible; otherwise it remains, with a warning.
    private func attempt(
        _ deed: InstallationDeed, _ statements: String, on connection: borrowing ScriptConnection,
        _ report: inout Installer.Report
    ) throws(DatabaseError) {
        try connection.run("savepoint step")
        do throws(DatabaseError) {
            try connection.run(statements)
            try connection.run("release savepoint step")
            report.done.append(deed)
        } catch {
            try connection.run("rollback to savepoint step; release savepoint step")
            let detail = error.detail.map { " (\($0.split(separator: "\n").joined(separator: "; ")))" } ?? ""
            report.warnings.append("the \(deed.title) is left: \(error.message)\(detail)")
        }
    }

    private static func loss(of schema: String, on connection: borrowing ScriptConnection) throws(DatabaseError) -> Loss
    {
        func name(_ table: String) -> String { SQLText.qualified(schema, table) }
        let counts = SurveyRow(
            try connection.query(
                """
                select (select count(*) from only \(name("outbox"))), (select count(*) from only
                    \(name("dead_letter"))),
                    (select count(*) from only \(name("registration"))) + (select count(*) from only
                        \(name("subscription")))
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
        let grantees = try connection.query(
            """
            select distinct coalesce(r.rolname::text, 'PUBLIC') from pg_namespace as n cross join
                aclexplode(n.nspacl) as a
                left join pg_roles as r on r.oid = a.grantee
            where n.nspname = $1 and a.grantee <> n.nspowner order by 1
            """, [schema])
        return Loss(
            outbox: count(0), deadLetters: count(1), mappings: count(2),
            dependents: dependents.values.compactMap { $0.first ?? nil },
            grantees: grantees.values.compactMap { $0.first ?? nil })
    }
}
