package import Postgres

/// What is there, as far as installing depends on it.
package struct SchemaSurvey: Sendable, Equatable {
    /// The role that looks.
    package var currentRole = ""
    package var isSuperuser = false
    package var database = ""
    /// Empty if the role may not know it.
    package var systemIdentifier = ""
    /// The schema's owner; nil if there is no such schema.
    package var schemaOwner: String?
    /// Whether the schema holds tables or functions that are not the interface's.
    package var isForeign = false
    /// What `meta` holds; nil if there is no such table.
    package var meta: [String: String]?
    /// The roles that were given rights by the interface before, and are still there: by the key in `meta`.
    package var listed: [String: [String]] = [:]
    /// The schema that holds the extension dblink; nil if it is not installed.
    package var dblinkSchema: String?
    package var dblinkIsAvailable = false
    /// Whether the owner may use dblink's foreign data wrapper and its functions.
    package var dblinkIsUsable = false
    package var ownerRoleExists = false
    package var sidecarRoleExists = false
    /// Whether the role that looks may act as the schema's owner.
    package var isMemberOfOwner = false
    /// Whether the sidecar's role may connect to the database, if it exists.
    package var sidecarRoleMayConnect = true

    /// The role that runs what low roles registered.
    package var guest = GuestSurvey()

    /// Those of the roles that are to get rights which are not there.
    package var unknownRoles: [String] = []

    /// The functions of dblink that a call needs.
    package static let dblinkFunctions = [
        "dblink_get_connections()", "dblink_connect(text, text)", "dblink_disconnect(text)", "dblink_is_busy(text)",
        "dblink_error_message(text)", "dblink_send_query(text, text)", "dblink_get_result(text)",
    ]

    /// Nothing is there.
    package init() {}

    /// Looks.
    ///
    /// - Parameters:
    ///   - owner: the role that is to own the schema if it isn't there yet.
    ///   - role: the role that the sidecar connects as; nil: the one that looks.
    ///   - grantees: the roles that are to get rights.
    package init(
        of schema: String, owner: String?, role: String?, grantees: [String] = [],
        on connection: borrowing ScriptConnection
    ) throws(DatabaseError) {
        let first = try connection.query(
            """
            select current_user::text, r.rolsuper, current_database()::text,
                (select w.rolname::text from pg_namespace as n, pg_roles as w where n.nspname = $1 and w.oid = n.nspowner),
                (select n.nspname::text from pg_extension as e, pg_namespace as n
                    where e.extname = 'dblink' and n.oid = e.extnamespace),
                exists (select from pg_available_extensions as e where e.name = 'dblink'),
                to_regclass(format('%I.meta', $1)) is not null,
                exists (select from pg_class as c, pg_namespace as n where n.nspname = $1 and c.relnamespace = n.oid)
                    or exists (select from pg_proc as p, pg_namespace as n where n.nspname = $1 and p.pronamespace = n.oid),
                has_function_privilege('pg_control_system()', 'execute')
            from pg_roles as r where r.rolname = current_user
            """, [schema])
        let row = SurveyRow(first)
        self.currentRole = row.text(0) ?? ""
        self.isSuperuser = row.flag(1)
        self.database = row.text(2) ?? ""
        self.schemaOwner = row.text(3)
        self.dblinkSchema = row.text(4)
        self.dblinkIsAvailable = row.flag(5)
        if row.flag(8) {
            self.systemIdentifier =
                SurveyRow(try connection.query("select system_identifier::text from pg_control_system()")).text(0) ?? ""
        }
        if row.flag(6), self.schemaOwner != nil {
            self.meta = try Self.meta(schema, connection)
            self.listed = try Self.listed(schema, connection)
        }
        self.isForeign = row.flag(7) && self.meta == nil
        self.guest = try GuestSurvey(
            of: schema, database: self.database, isThere: self.meta != nil, on: connection)
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
        for grantee in grantees where grantee.lowercased() != "public" && !self.unknownRoles.contains(grantee) {
            let row = SurveyRow(
                try connection.query("select exists (select from pg_roles where rolname = $1)", [grantee]))
            if !row.flag(0) { self.unknownRoles.append(grantee) }
        }
        if let dblink = self.dblinkSchema, self.ownerRoleExists {
            self.dblinkIsUsable = try Self.isUsable(dblink: dblink, owner: owner, connection)
        }
    }

    private static func meta(_ schema: String, _ connection: borrowing ScriptConnection) throws(DatabaseError)
        -> [String: String]
    {
        let rows = try connection.query("select key, value from \(SQLText.qualified(schema, "meta"))")
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
            select m.key, l.name from \(SQLText.qualified(schema, "meta")) as m, unnest(m.value::text[]) as l(name)
            where m.key in ('grant_to', 'register_to', 'roles_made')
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
        let functions = self.dblinkFunctions.map { SQLText.literal("\(SQLText.identifier(dblink)).\($0)") }
        let rows = try connection.query(
            """
            select has_foreign_data_wrapper_privilege($1, 'dblink_fdw', 'usage') and has_schema_privilege($1, $2, 'usage')
                and (select bool_and(has_function_privilege($1, f, 'execute'))
                    from unnest(array[\(functions.joined(separator: ", "))]) as f)
            """, [owner, dblink])
        return SurveyRow(rows).flag(0)
    }
}

/// The single row of one of the survey's questions.
struct SurveyRow {
    private let values: [String?]

    init(_ rows: Rows) {
        self.values = rows.values.first ?? []
    }

    func text(_ column: Int) -> String? {
        self.values.indices.contains(column) ? self.values[column] : nil
    }

    func flag(_ column: Int) -> Bool { self.text(column) == "t" }
}
