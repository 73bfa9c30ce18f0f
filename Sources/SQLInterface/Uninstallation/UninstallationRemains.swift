import Postgres

/// Something besides the schema and its roles that `uninstall` removes or revokes.
struct UninstallationExtra: Sendable, Equatable {
    let deed: InstallationDeed
    let statements: String
    /// Why it can't be done; nil if it can, according to the catalog.
    let reason: String?
}

/// The parts of an installation outside of its schema, and their other users. It reads the catalog, before and after
/// the schema is dropped.
struct UninstallationRemains {
    let schema: String
    let keys: SchemaKeys
    let survey: SchemaSurvey
    /// The roles that `install` made for this schema of this database.
    let roles: [String]
    /// Roles of the interface that always remain.
    let keptRoles: [String]

    private var owner: String { self.survey.schemaOwner ?? self.survey.currentRole }

    /// The things to remove and revoke, in order. Must be called while the schema exists.
    func extras(on connection: borrowing ScriptConnection) throws(DatabaseError) -> [UninstallationExtra] {
        try self.dblink(on: connection) + self.grants(on: connection)
    }

    /// The possessions of a role besides the interface, which prevent dropping it; nil if there are none.
    func needs(ofRole role: String, on connection: borrowing ScriptConnection) throws(DatabaseError) -> String? {
        let rows = try connection.query(
            """
            select distinct case when d.deptype = 'o' then 'it owns ' else 'it has rights on ' end
                || case when d.dbid in (0, b.oid) then pg_describe_object(d.classid, d.objid, d.objsubid)
                    else format('things in database %I', (select o.datname from pg_database as o where o.oid =
                        d.dbid)) end
            from pg_roles as r join pg_database as b on b.datname = current_database()
                join pg_shdepend as d on d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
                left join pg_namespace as n on n.nspname = $2
                left join pg_foreign_server as s on s.srvname = $3
            where r.rolname = $1 and (d.deptype = 'o' or d.deptype in ('a', 'i') and d.dbid not in (0, b.oid))
                and not (d.dbid = b.oid and coalesce(
                    d.classid = 'pg_namespace'::regclass and d.objid = n.oid
                    or d.classid = 'pg_foreign_server'::regclass and d.objid = s.oid
                    or d.classid = 'pg_user_mapping'::regclass
                        and exists (select from pg_user_mappings as u where u.umid = d.objid and u.srvid = s.oid)
                    or d.classid = 'pg_class'::regclass
                        and exists (select from pg_class as c where c.oid = d.objid and c.relnamespace = n.oid)
                    or d.classid = 'pg_proc'::regclass
                        and exists (select from pg_proc as p where p.oid = d.objid and p.pronamespace = n.oid)
                    or d.classid = 'pg_type'::regclass
                        and exists (select from pg_type as t where t.oid = d.objid and t.typnamespace = n.oid)
                    or d.classid = 'pg_default_acl'::regclass
                        and exists (select from pg_default_acl as a where a.oid = d.objid and a.defaclnamespace =
                            n.oid),
                    false))
            order by 1
            """, [role, self.schema, self.keys.server])
        return Self.reason(rows)
    }

    private static func reason(_ rows: Rows) -> String? {
        let most = 5
        let names = rows.values.compactMap { $0.first ?? nil }
        guard !names.isEmpty else { return nil }
        let rest = names.count > most ? ", and \(names.count - most) more" : ""
        return names.prefix(most).joined(separator: ", ") + rest
    }

    private func dblink(on connection: borrowing ScriptConnection) throws(DatabaseError) -> [UninstallationExtra] {
        var extras: [UninstallationExtra] = []
        var reason: String?
        if self.survey.dblinkIsMade {
            reason = try Self.reason(connection.query(Self.dependents, [self.schema, self.keys.server])).map {
                "\($0) needs it"
            }
            extras.append(
                UninstallationExtra(
                    deed: InstallationDeed("extension dblink", verb: "gone"), statements: "drop extension dblink;",
                    reason: reason))
        }
        let space = self.schema + "_dblink"
        let mark = InstallationMarks(schema: self.schema, database: self.survey.database).dblink
        let row = SurveyRow(try connection.query(Self.space, [space, mark]))
        if row.flag(0) {
            let isNeeded = reason != nil || self.survey.dblinkSchema == space && !self.survey.dblinkIsMade
            extras.append(
                UninstallationExtra(
                    deed: InstallationDeed("schema \(space)", verb: "gone"),
                    statements: "drop schema \(SQLText.identifier(space));",
                    reason: isNeeded ? "the extension dblink is in it" : row.flag(1) ? "it holds other things" : nil))
        }
        return extras
    }

    /// Whether `install` created the schema for dblink, and whether it contains something else.
    private static let space = """
        select true, exists (select from pg_depend as d where d.refclassid = 'pg_namespace'::regclass and d.refobjid
            = n.oid
            and not exists (select from pg_depend as e where e.classid = d.classid and e.objid = d.objid and
                e.deptype = 'e')
            and d.classid <> 'pg_extension'::regclass)
        from pg_namespace as n join pg_roles as r on r.oid = n.nspowner
        where n.nspname = $1 and obj_description(n.oid, 'pg_namespace') = $2 and (r.rolsuper or r.rolname =
            current_user)
        """

    /// The objects that need dblink, except the interface's own server.
    private static let dependents = """
        with member as (
            select d.classid, d.objid from pg_depend as d join pg_extension as e on e.extname = 'dblink'
                and d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid where d.deptype = 'e'
            union all select 'pg_extension'::regclass, e.oid from pg_extension as e where e.extname = 'dblink')
        select distinct pg_describe_object(d.classid, d.objid, 0)
        from pg_depend as d join member as m on m.classid = d.refclassid and m.objid = d.refobjid
        where d.deptype in ('n', 'a') and (d.classid, d.objid) not in (select m.classid, m.objid from member as m)
            and not (d.classid = 'pg_foreign_server'::regclass
                and d.objid in (select s.oid from pg_foreign_server as s where s.srvname = $2))
            and not (d.classid = 'pg_proc'::regclass and d.objid in (
                select p.oid from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where n.nspname = $1))
        order by 1
        """

    /// The rights that `install` granted to remaining roles, on remaining objects.
    private func grants(on connection: borrowing ScriptConnection) throws(DatabaseError) -> [UninstallationExtra] {
        var stay = self.keptRoles
        for role in self.roles where try self.needs(ofRole: role, on: connection) != nil { stay.append(role) }
        let notes = try connection.query(
            """
            select key, value from only \(SQLText.qualified(self.schema, "meta"))
            where key in ('connect_granted', 'dblink_granted')
            """
        )
        let granted = Dictionary(
            notes.values.compactMap { row in
                row.count == 2 ? row[0].flatMap { key in row[1].map { (key, $0) } } : nil
            }, uniquingKeysWith: { first, _ in first })
        var extras: [UninstallationExtra] = []
        // The owner wrote the note: if another role can act as it, only the owner's own right is revoked.
        if let role = granted["connect_granted"], stay.contains(role),
            self.owner == self.keys.owner || self.owner == role
        {
            extras.append(
                self.takenBack(
                    "the right of \(role) to connect",
                    "revoke connect on database \(SQLText.identifier(self.survey.database)) "
                        + "from \(SQLText.identifier(role));"
                ))
        }
        if let dblink = self.survey.dblinkSchema, !self.survey.dblinkIsMade, stay.contains(self.owner),
            self.owner == self.keys.owner || granted["dblink_granted"] != nil
        {
            extras.append(
                self.takenBack(
                    "the rights of \(self.owner) on dblink",
                    SchemaRights.noDblink(in: dblink, from: SQLText.identifier(self.owner))))
        }
        return extras
    }

    private func takenBack(_ title: String, _ statements: String) -> UninstallationExtra {
        UninstallationExtra(deed: InstallationDeed(title, verb: "revoked"), statements: statements, reason: nil)
    }
}
