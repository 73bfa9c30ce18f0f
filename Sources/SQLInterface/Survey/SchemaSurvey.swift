package import Postgres

/// The present state, as far as installing depends on it.
package struct SchemaSurvey: Sendable, Equatable {
    /// The current role.
    package var currentRole = ""
    package var isSuperuser = false
    package var database = ""
    /// Empty if the role may not read it.
    package var systemIdentifier = ""
    /// The schema's owner; nil if there is no such schema.
    package var schemaOwner: String?
    /// Whether the schema is entirely empty.
    package var isEmpty = true
    /// Whether the schema contains tables or functions, and no `meta` among them.
    package var isForeign = false
    /// The objects of the schema that the scripts do not make.
    var inspection = SchemaInspection()
    /// The content of `meta`; nil if there is no such table, or until ``read(_:locking:on:)``.
    package var meta: [String: String]?
    /// The roles with rights from the interface that still exist: by the key in `meta`.
    package var listed: [String: [String]] = [:]
    /// The schema that holds the extension dblink; nil if it is not installed.
    package var dblinkSchema: String?
    package var dblinkIsAvailable = false
    /// Whether the owner may use dblink's foreign data wrapper and its functions.
    package var dblinkIsUsable = false
    /// Whether `install` made the extension.
    var dblinkIsMade = false
    /// Whether everybody may use dblink.
    var dblinkIsOpen = false
    /// The schema that `install` would create for dblink, if it exists.
    var dblinkSpace: DblinkSpace?
    /// The owner of the foreign server for the call port, if it exists.
    var serverOwner: String?
    package var ownerRoleExists = false
    /// The role that owns the schema, or will own it, according to the catalog.
    var ownerRole = OwnerRole()
    package var sidecarRoleExists = false
    /// Whether the sidecar's role may log in, if it exists.
    package var sidecarRoleMayLogin = true
    /// Whether the sidecar's role has a password; nil if it does not exist, or the current role may not know it.
    package var sidecarRoleHasPassword: Bool?
    /// Whether the role that `meta` names as the sidecar's exists.
    package var formerRoleExists = false
    /// Whether the current role may act as the schema's owner.
    package var isMemberOfOwner = false
    /// Whether the sidecar's role may connect to the database, if it exists.
    package var sidecarRoleMayConnect = true
    /// Whether the schema contains an object named `meta`.
    private var hasMeta = false

    /// Facts that show whether `install` made a role, and only administrators can act as it.
    struct OwnerRole: Sendable, Equatable {
        var canLogin = false
        /// Whether it has more than ownership: attributes of a superuser or an administrator.
        var isPrivileged = false
        /// The roles that may act as it, except superusers and the current role.
        var members: [String] = []
        var comment: String?
    }

    /// A schema that exists before the extension does.
    struct DblinkSpace: Sendable, Equatable {
        let owner: String
        /// Whether it is empty, and only superusers or the current role can create objects in it.
        let isClean: Bool
    }

    /// The role that runs the functions of low roles.
    package var guest = GuestSurvey()

    /// The roles that would get rights and do not exist.
    package var unknownRoles: [String] = []

    /// Nothing exists.
    package init() {}

    /// Looks only at the catalog, and at nothing that others could have made.
    ///
    /// The session's `search_path` must be set to the catalog.
    ///
    /// - Parameters:
    ///   - owner: the role that is to own the schema if it isn't there yet.
    ///   - role: the role that the sidecar connects as; nil: the one that looks.
    ///   - grantees: the roles that are to get rights.
    package init(
        of schema: String, owner: String?, role: String?, grantees: [String] = [], server: String,
        on connection: borrowing ScriptConnection
    ) throws(DatabaseError) {
        let first = try connection.query(
            """
            select current_user::text, r.rolsuper, current_database()::text,
                (select pg_get_userbyid(n.nspowner)::text from pg_namespace as n where n.nspname = $1),
                (select n.nspname::text from pg_extension as e, pg_namespace as n
                    where e.extname = 'dblink' and n.oid = e.extnamespace),
                exists (select from pg_available_extensions as e where e.name = 'dblink'),
                exists (select from pg_class as c, pg_namespace as n
                    where n.nspname = $1 and c.relnamespace = n.oid and c.relname = 'meta'),
                exists (select from pg_class as c, pg_namespace as n where n.nspname = $1 and c.relnamespace = n.oid)
                    or exists (select from pg_proc as p, pg_namespace as n where n.nspname = $1 and p.pronamespace =
                        n.oid),
                has_function_privilege('pg_control_system()', 'execute'),
                exists (select from pg_depend as d, pg_namespace as n
                    where n.nspname = $1 and d.refclassid = 'pg_namespace'::regclass and d.refobjid = n.oid),
                (select pg_get_userbyid(s.srvowner)::text from pg_foreign_server as s where s.srvname = $2),
                coalesce((select obj_description(e.oid, 'pg_extension') = $3 from pg_extension as e
                    where e.extname = 'dblink'), false)
            from pg_roles as r where r.rolname = current_user
            """, [schema, server, InstallationMarks(schema: schema, database: "").dblink])
        let row = SurveyRow(first)
        self.currentRole = row.text(0) ?? ""
        self.isSuperuser = row.flag(1)
        self.database = row.text(2) ?? ""
        self.schemaOwner = row.text(3)
        self.dblinkSchema = row.text(4)
        self.dblinkIsAvailable = row.flag(5)
        self.hasMeta = row.flag(6)
        self.isForeign = row.flag(7) && !row.flag(6)
        if row.flag(8) {
            self.systemIdentifier =
                SurveyRow(try connection.query("select system_identifier::text from pg_control_system()")).text(0) ?? ""
        }
        self.isEmpty = !row.flag(9)
        self.serverOwner = row.text(10)
        self.dblinkIsMade = row.flag(11)
        if self.schemaOwner != nil { self.inspection = try SchemaInspection(of: schema, on: connection) }
        let owner = self.schemaOwner ?? owner ?? self.currentRole
        let roles = SurveyRow(
            try connection.query(
                """
                select to_regrole(quote_ident($1)) is not null, to_regrole(quote_ident($2)) is not null,
                    case when to_regrole(quote_ident($1)) is not null
                        then pg_has_role(to_regrole(quote_ident($1))::oid, case
                            when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)
                        else false end,
                    case when to_regrole(quote_ident($2)) is not null
                        then has_database_privilege(to_regrole(quote_ident($2))::oid, current_database(), 'connect')
                        else has_database_privilege('public', current_database(), 'connect') end
                """, [owner, role ?? self.currentRole]))
        self.ownerRoleExists = roles.flag(0)
        self.sidecarRoleExists = roles.flag(1)
        self.isMemberOfOwner = roles.flag(2)
        self.sidecarRoleMayConnect = roles.flag(3)
        self.ownerRole = try Self.role(owner, connection)
        if let role, self.sidecarRoleExists { try self.lookAtSidecarRole(role, connection) }
        for grantee in grantees where grantee.lowercased() != "public" && !self.unknownRoles.contains(grantee) {
            let row = SurveyRow(
                try connection.query("select exists (select from pg_roles where rolname = $1)", [grantee]))
            if !row.flag(0) { self.unknownRoles.append(grantee) }
        }
        self.guest = try GuestSurvey(of: schema, database: self.database, kept: nil, on: connection)
        if let dblink = self.dblinkSchema {
            if self.ownerRoleExists {
                self.dblinkIsUsable = try Self.isUsable(dblink: dblink, owner: owner, connection)
            }
            self.dblinkIsOpen = try Self.isOpen(dblink: dblink, connection)
        } else {
            self.dblinkSpace = try Self.space(schema + "_dblink", connection)
        }
    }

    /// Reads the interface's table about itself, as its owner; the table does not change until the end of the
    /// transaction.
    ///
    /// - Parameters:
    ///   - locking: whether other installers are locked out meanwhile.
    ///   - check: throws if the present state, seen under the lock, must not be read.
    package mutating func read(
        _ schema: String, locking: Bool, on connection: borrowing ScriptConnection,
        check: () throws -> Self
    ) throws {
        guard self.hasMeta, let owner = self.schemaOwner else { return }
        let meta = SQLText.qualified(schema, "meta")
        try self.act(as: owner, on: connection)
        try connection.run("lock table only \(meta) in \(locking ? "share row exclusive" : "access share") mode")
        try self.act(as: self.currentRole, on: connection)
        self = try check()
        guard self.hasMeta, self.schemaOwner == owner else { return }
        try self.act(as: owner, on: connection)
        self.meta = try Self.meta(schema, connection)
        self.listed = try Self.listed(schema, connection)
        if let role = self.meta?["sidecar_role"] {
            let there = try connection.query("select exists (select from pg_roles where rolname = $1)", [role])
            self.formerRoleExists = SurveyRow(there).flag(0)
        }
        let kept = try GuestSurvey.Kept(of: schema, on: connection)
        try self.act(as: self.currentRole, on: connection)
        self.guest = try GuestSurvey(of: schema, database: self.database, kept: kept, on: connection)
    }

    private func act(as role: String, on connection: borrowing ScriptConnection) throws(DatabaseError) {
        guard self.schemaOwner != self.currentRole else { return }
        try connection.run("set local role \(SQLText.identifier(role))")
    }

    private mutating func lookAtSidecarRole(
        _ role: String, _ connection: borrowing ScriptConnection
    ) throws(DatabaseError) {
        let login = try connection.query("select rolcanlogin from pg_roles where rolname = $1", [role])
        self.sidecarRoleMayLogin = SurveyRow(login).flag(0)
        guard self.isSuperuser else { return }
        let password = try connection.query("select rolpassword is not null from pg_authid where rolname = $1", [role])
        self.sidecarRoleHasPassword = SurveyRow(password).flag(0)
    }

    private static func role(_ name: String, _ connection: borrowing ScriptConnection) throws(DatabaseError)
        -> OwnerRole
    {
        let rows = try connection.query(
            """
            select r.rolcanlogin, r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls,
                shobj_description(r.oid, 'pg_authid'), m.rolname::text
            from pg_roles as r left join pg_auth_members as a on a.roleid = r.oid
                left join pg_roles as m on m.oid = a.member and not m.rolsuper and m.rolname <> current_user
            where r.rolname = $1 order by 4
            """, [name])
        let row = SurveyRow(rows)
        return OwnerRole(
            canLogin: row.flag(0), isPrivileged: row.flag(1),
            members: rows.values.compactMap { $0.count == 4 ? $0[3] : nil }, comment: row.text(2))
    }

    private static func space(_ name: String, _ connection: borrowing ScriptConnection) throws(DatabaseError)
        -> DblinkSpace?
    {
        let row = SurveyRow(
            try connection.query(
                """
                select r.rolname::text, (r.rolsuper or r.rolname = current_user)
                    and not exists (select from pg_depend as d
                        where d.refclassid = 'pg_namespace'::regclass and d.refobjid = n.oid)
                    and not exists (select from aclexplode(n.nspacl) as a left join pg_roles as g on g.oid = a.grantee
                        where a.privilege_type = 'CREATE' and a.grantee <> n.nspowner and g.rolsuper is not true)
                from pg_namespace as n join pg_roles as r on r.oid = n.nspowner where n.nspname = $1
                """, [name]))
        return row.text(0).map { DblinkSpace(owner: $0, isClean: row.flag(1)) }
    }

    private static func isOpen(dblink: String, _ connection: borrowing ScriptConnection) throws(DatabaseError) -> Bool {
        let connect = "\(SQLText.identifier(dblink)).dblink_connect(text, text)"
        return SurveyRow(
            try connection.query(
                """
                select has_schema_privilege('public', $1, 'usage')
                    and has_function_privilege('public', $2, 'execute')
                """,
                [dblink, connect])
        ).flag(0)
    }

    private static func meta(_ schema: String, _ connection: borrowing ScriptConnection) throws(DatabaseError)
        -> [String: String]
    {
        let rows = try connection.query("select key, value from only \(SQLText.qualified(schema, "meta"))")
        var meta: [String: String] = [:]
        for row in rows.values {
            if row.count == 2, let key = row[0], let value = row[1] { meta[key] = value }
        }
        return meta
    }

    private static func listed(_ schema: String, _ connection: borrowing ScriptConnection) throws(DatabaseError)
        -> [String: [String]]
    {
        let rows = try connection.query(
            """
            select m.key, l.name from only \(SQLText.qualified(schema, "meta")) as m, unnest(m.value::text[]) as l(name)
            where m.key in ('grant_to', 'register_to')
                and (lower(l.name) = 'public' or exists (select from pg_roles as r where r.rolname = l.name))
            """)
        var listed: [String: [String]] = [:]
        for row in rows.values {
            if row.count == 2, let key = row[0], let name = row[1] { listed[key, default: []].append(name) }
        }
        return listed
    }

    private static func isUsable(dblink: String, owner: String, _ connection: borrowing ScriptConnection)
        throws(DatabaseError) -> Bool
    {
        let functions = SchemaRights.dblinkFunctions.map { SQLText.literal("\(SQLText.identifier(dblink)).\($0)") }
        let rows = try connection.query(
            """
            select has_foreign_data_wrapper_privilege($1, 'dblink_fdw', 'usage') and has_schema_privilege($1, $2,
                'usage')
                and (select bool_and(has_function_privilege($1, f, 'execute'))
                    from unnest(array[\(functions.joined(separator: ", "))]) as f)
            """, [owner, dblink])
        return SurveyRow(rows).flag(0)
    }
}
