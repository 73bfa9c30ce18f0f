package import Postgres

/// The sidecar's treatment of the SQL interface when it starts.
///
/// If its role owns the schema, it installs and upgrades by itself, like many programs. Otherwise it only looks: then
/// an administrator's `wamp-sidecar install` has to do the work.
package struct SelfInstallation: Sendable {
    /// The findings, and the steps done.
    package struct Outcome: Sendable, Equatable {
        /// The present state.
        package var state: SchemaState
        /// The completed steps, a line each; empty if everything was there.
        package var done: [String] = []
        /// The requested things that do not work, a line each.
        package var faults: [String] = []
        /// Warnings, a line each.
        package var warnings: [String] = []
        /// The steps that `run` would do by itself, if this is only a check; nil if there are none.
        package var pending: String?
        /// The statements that an administrator must run for `call` before `run` does the rest; nil if there are none.
        package var missingDblink: String?
        /// The schema's footprint before: as long as it is the same there is nothing new to find.
        package var footprint: String?
    }

    /// The query for the footprint of the schema in its parameter; no row if there is no such schema.
    package static let footprint = """
        select pg_catalog.hashtextextended(pg_catalog.concat_ws(' ', n.oid, n.xmin, o.rolcanlogin, (
            select pg_catalog.string_agg(pg_catalog.concat_ws(' ', p.oid, p.xmin), ' ' order by p.oid)
            from pg_catalog.pg_proc p where p.pronamespace = n.oid)), 0)
        from pg_catalog.pg_namespace n join pg_catalog.pg_roles o on o.oid = n.nspowner where n.nspname = $1
        """

    /// The schema's name, not quoted.
    private let schema: String
    /// The roles that may publish and call; nil changes nothing.
    private let grantTo: [String]?
    /// The roles that may register and subscribe, likewise.
    private let registerTo: [String]?
    /// The version of this binary.
    private let binary: String

    /// Takes the file's values.
    package init(schema: String, grantTo: [String]?, registerTo: [String]?, binary: String) {
        self.schema = schema
        self.grantTo = grantTo
        self.registerTo = registerTo
        self.binary = binary
    }

    /// Looks, installs or upgrades. Blocks.
    ///
    /// - Parameter installs: false to look only, whoever owns the schema.
    /// - Throws: `DatabaseError` if the query fails; then it must be repeated later.
    package func run(installs: Bool = true, on connection: borrowing ScriptConnection) throws -> Outcome {
        // The database's owner may have set another one, in which operators of the owner hide those of the catalog.
        try connection.run("set search_path = pg_catalog, pg_temp")
        let footprint = try connection.query(Self.footprint, [self.schema]).values.first?.first
        var outcome = try self.find(installs: installs, on: connection)
        outcome.footprint = footprint ?? nil
        return outcome
    }

    private func find(installs: Bool, on connection: borrowing ScriptConnection) throws -> Outcome {
        let schema = self.schema
        let found = SurveyRow(
            try connection.query(
                """
                select current_user::text, n.oid is not null, n.nspowner = r.oid, has_schema_privilege(n.oid, 'usage'),
                    o.rolname::text, o.rolcanlogin
                from pg_roles as r left join pg_namespace as n on n.nspname = $1 left join pg_roles as o on o.oid =
                    n.nspowner
                where r.rolname = current_user
                """, [schema]))
        let role = found.text(0) ?? ""
        guard found.flag(1) else {
            return Outcome(
                state: .notInstalled(
                    """
                    there is no schema \(schema); wamp-sidecar install --admin-url .. --schema \(schema) --role \
                    \(role) creates it, or: create schema \(SQLText.identifier(schema)) authorization \
                    \(SQLText.identifier(role))
                    """))
        }
        guard found.flag(2) else {
            guard found.flag(3) else {
                return Outcome(
                    state: .notInstalled(
                        """
                        the role \(role) has no rights in schema \(schema); wamp-sidecar install --admin-url .. \
                        --schema \(schema) --role \(role) grants them
                        """))
            }
            // The query's functions run as the sidecar's role: so it calls only those of a schema that install made.
            guard let keys = try? SchemaKeys(schema: schema), found.text(4) == keys.owner, !found.flag(5) else {
                let owner = found.text(4) ?? "somebody else"
                return Outcome(
                    state: .refused(
                        """
                        schema \(schema) belongs to \(owner), which could run any code as \(role); its owner has to be \
                        \(role) itself, or a role that install makes and that can't log in
                        """))
            }
            return try self.look(isOwned: false, on: connection)
        }
        let request = InstallationRequest(
            schema: schema, role: nil, grantTo: self.grantTo, registerTo: self.registerTo)
        do {
            guard installs else { return try self.preview(request, on: connection) }
            let report = try Installer(binary: self.binary).run(request, on: connection)
            var outcome = try self.look(isOwned: true, on: connection)
            outcome.done = report.done.map(\.description)
            outcome.warnings = report.warnings
            return outcome
        } catch let refusal as InstallationRefusal where refusal.isCopy {
            return try self.look(isOwned: true, on: connection)
        } catch let refusal as InstallationRefusal {
            return Outcome(state: .refused(refusal.description))
        } catch let error as SchemaNameError {
            return Outcome(state: .refused(error.description))
        }
    }

    /// The present state, or the one after an installation, found in a read-only transaction.
    private func preview(_ request: InstallationRequest, on connection: borrowing ScriptConnection) throws -> Outcome {
        let plan = try Installer(binary: self.binary).look(request, on: connection)
        guard plan.version < SchemaScript.version else { return try self.look(isOwned: true, on: connection) }
        let pending =
            plan.version == 0
            ? "schema \(self.schema): not installed yet; wamp-sidecar run will install it"
            : "schema \(self.schema): version \(plan.version); "
                + "wamp-sidecar run will upgrade it to \(SchemaScript.version)"
        return Outcome(
            state: .notInstalled(pending), warnings: plan.warnings, pending: pending, missingDblink: plan.missingDblink)
    }

    private func look(isOwned: Bool, on connection: borrowing ScriptConnection) throws(DatabaseError) -> Outcome {
        let schema = self.schema
        let hello = SQLText.qualified(schema, "sidecar_hello")
        let rows: Rows
        do throws(DatabaseError) {
            rows = try connection.query(
                """
                select h.version, h.least_binary, h.is_original, h.dblink_schema, l.publisher, l.registrar
                from \(hello)() as h
                    left join lateral rows from (pg_catalog.unnest(h.publishers), pg_catalog.unnest(h.registrars))
                        as l(publisher, registrar) on true
                """)
        } catch {
            // It does not exist, may not be executed, or belongs to a schema that was renamed.
            guard error.sqlstate.hasPrefix("42") else { throw error }
            return Outcome(
                state: .notInstalled(
                    "\(error.message); wamp-sidecar install --admin-url .. --schema \(schema) repairs it"))
        }
        let row = SurveyRow(rows)
        let version = row.text(0).flatMap { Int($0) } ?? 0
        if let least = row.text(1), BinaryVersion(self.binary) < BinaryVersion(least) {
            return Outcome(
                state: .refused("schema \(schema) requires wamp-sidecar \(least) or later; this is \(self.binary)"))
        }
        guard version >= SchemaScript.version else {
            return Outcome(
                state: .refused(
                    """
                    schema \(schema) has version \(version), and this binary needs \(SchemaScript.version); \
                    wamp-sidecar install --admin-url .. --schema \(schema) upgrades it
                    """))
        }
        let installed = InstalledSchema(
            version: version, isOriginal: row.flag(2), dblinkSchema: row.text(3),
            publishers: Self.names(rows, column: 4), registrars: Self.names(rows, column: 5), isOwned: isOwned)
        var outcome = Outcome(state: .installed(installed))
        if !installed.isOriginal {
            outcome.faults.append(
                """
                this database is a copy of the one that schema \(schema) was installed in, or was renamed: it \
                publishes and calls nothing; wamp-sidecar install --admin-url .. --schema \(schema) --adopt makes it \
                an original
                """)
        }
        guard !isOwned else { return outcome }
        outcome.faults += self.missing(self.grantTo, in: installed.publishers, option: "grant-to")
        outcome.faults += self.missing(self.registerTo, in: installed.registrars, option: "register-to")
        return outcome
    }

    /// The rights that the file requires and the database lacks: if the sidecar is not the owner, only an administrator
    /// can grant them.
    private func missing(_ wanted: [String]?, in there: [String], option: String) -> [String] {
        (wanted ?? []).filter { name in
            !there.contains(name) && !(name.lowercased() == "public" && there.contains("PUBLIC"))
        }.map { name in
            """
            \(name) has no rights in schema \(self.schema) yet; wamp-sidecar install --admin-url .. --\(option) \
            \(name) grants them
            """
        }
    }

    /// The rows of the longer list have nothing in the other column at its end.
    private static func names(_ rows: Rows, column: Int) -> [String] {
        rows.values.compactMap { $0.indices.contains(column) ? $0[column] : nil }
    }
}
