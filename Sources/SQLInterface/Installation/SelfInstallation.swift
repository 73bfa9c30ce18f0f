package import Postgres

/// What the sidecar does about the SQL interface when it starts.
///
/// Where its role owns the schema it installs and upgrades by itself, as Crossbar.io's users know it. Else it looks
/// only: there an administrator's `wamp-sidecar install` has to do the work.
package struct SelfInstallation: Sendable {
    /// What was found, and done.
    package struct Outcome: Sendable, Equatable {
        /// What there is now.
        package var state: SchemaState
        /// What was done, a line each; empty if it was all there.
        package var done: [String] = []
        /// What was asked for and does not work, a line each.
        package var faults: [String] = []
        /// What somebody should know, a line each.
        package var warnings: [String] = []
        /// What `run` would do about it by itself, where nothing is done but looking; nil if nothing.
        package var pending: String?
        /// What an administrator has to do for `call` before `run` does the rest; nil if nothing.
        package var missingDblink: String?
        /// What the schema looked like before: as long as it still does there is nothing new to find.
        package var footprint: String?
    }

    /// Asks for the footprint of the schema that is named by the parameter; no row if there is none.
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

    /// Takes what the file says.
    package init(schema: String, grantTo: [String]?, registerTo: [String]?, binary: String) {
        self.schema = schema
        self.grantTo = grantTo
        self.registerTo = registerTo
        self.binary = binary
    }

    /// Looks, installs or upgrades. Blocks.
    ///
    /// - Parameter installs: false to look only, whoever owns the schema.
    /// - Throws: `DatabaseError` if the database can't be asked, and then it is to be tried again later.
    package func run(installs: Bool = true, on connection: borrowing ScriptConnection) throws -> Outcome {
        // The database's owner may have set another one, in which its own operators stand in front of the catalog's.
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
                from pg_roles as r left join pg_namespace as n on n.nspname = $1 left join pg_roles as o on o.oid = n.nspowner
                where r.rolname = current_user
                """, [schema]))
        let role = found.text(0) ?? ""
        guard found.flag(1) else {
            return Outcome(
                state: .notInstalled(
                    """
                    there is no schema \(schema); wamp-sidecar install --admin-url .. --schema \(schema) --role \(role) makes it, \
                    or: create schema \(SQLText.identifier(schema)) authorization \(SQLText.identifier(role))
                    """))
        }
        guard found.flag(2) else {
            guard found.flag(3) else {
                return Outcome(
                    state: .notInstalled(
                        """
                        the role \(role) has no rights in schema \(schema); \
                        wamp-sidecar install --admin-url .. --schema \(schema) --role \(role) gives them
                        """))
            }
            // What is asked runs as the sidecar's role: so only a schema that install made is asked.
            guard let keys = try? SchemaKeys(schema: schema), found.text(4) == keys.owner, !found.flag(5) else {
                let owner = found.text(4) ?? "somebody else"
                return Outcome(
                    state: .refused(
                        """
                        schema \(schema) belongs to \(owner), who could run what they like as \(role); a role that install makes, \
                        and that can't log in, has to own it, or \(role) itself
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

    /// What is there, or what installing would make of it, by a transaction that can change nothing.
    private func preview(_ request: InstallationRequest, on connection: borrowing ScriptConnection) throws -> Outcome {
        let plan = try Installer(binary: self.binary).look(request, on: connection)
        guard plan.version < SchemaScript.version else { return try self.look(isOwned: true, on: connection) }
        let pending =
            plan.version == 0
            ? "schema \(self.schema): not installed yet; run will install it"
            : "schema \(self.schema): version \(plan.version); run will upgrade it to \(SchemaScript.version)"
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
            // It is not there, may not be executed, or is of a schema that was renamed.
            guard error.sqlstate.hasPrefix("42") else { throw error }
            return Outcome(
                state: .notInstalled(
                    "\(error.message); wamp-sidecar install --admin-url .. --schema \(schema) brings it in order"))
        }
        let row = SurveyRow(rows)
        let version = row.text(0).flatMap { Int($0) } ?? 0
        if let least = row.text(1), BinaryVersion(self.binary) < BinaryVersion(least) {
            return Outcome(
                state: .refused("schema \(schema) asks for wamp-sidecar \(least) or later; this is \(self.binary)"))
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
                this database is a copy of the one that schema \(schema) was installed in, or was renamed: nothing is \
                published from it, nor called; wamp-sidecar install --admin-url .. --schema \(schema) --adopt makes it one of its own
                """)
        }
        guard !isOwned else { return outcome }
        outcome.faults += self.missing(self.grantTo, in: installed.publishers, option: "grant-to")
        outcome.faults += self.missing(self.registerTo, in: installed.registrars, option: "register-to")
        return outcome
    }

    /// What the file wants and the database does not have: where the sidecar is not the owner, only an administrator
    /// can.
    private func missing(_ wanted: [String]?, in there: [String], option: String) -> [String] {
        (wanted ?? []).filter { name in
            !there.contains(name) && !(name.lowercased() == "public" && there.contains("PUBLIC"))
        }.map { name in
            """
            \(name) has no rights in schema \(self.schema) yet; \
            wamp-sidecar install --admin-url .. --\(option) \(name) gives them
            """
        }
    }

    /// The longer of two lists has rows in which the other one has nothing.
    private static func names(_ rows: Rows, column: Int) -> [String] {
        rows.values.compactMap { $0.indices.contains(column) ? $0[column] : nil }
    }
}
