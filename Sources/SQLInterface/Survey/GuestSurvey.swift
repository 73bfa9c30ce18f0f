internal import Cryptography
import Postgres

/// The state of the role that runs the functions of low roles.
package struct GuestSurvey: Sendable, Equatable {
    /// The role whose password the schema contains; nil if it contains none.
    package var kept: String?
    /// Whether that role is as `install` made it: with the password in the schema, and without its own settings.
    package var isIntact = false
    /// The name for a new one; nil if all possible names belong to others.
    package var name: String?
    /// Whether a role of that name exists, left by an earlier installation, or to be repaired.
    package var exists = false
    /// Whether the current role may create roles.
    package var mayBeMade = false

    /// Nothing exists.
    package init() {}

    /// The interface's row about it. The owner writes the row, so it proves nothing.
    struct Kept: Sendable, Equatable {
        fileprivate let role: String
        fileprivate let verifier: String?

        /// Reads the row as the owner of the table; nil if there is none.
        init?(of schema: String, on connection: borrowing ScriptConnection) throws(DatabaseError) {
            let table = SurveyRow(
                try connection.query(
                    """
                    select exists (select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
                        where n.nspname = $1 and c.relname = 'guest' and c.relkind = 'r')
                    """, [schema]))
            guard table.flag(0) else { return nil }
            let row = SurveyRow(
                try connection.query("select role, verifier from only \(SQLText.qualified(schema, "guest"))"))
            guard let role = row.text(0) else { return nil }
            self.role = role
            self.verifier = row.text(1)
        }
    }

    /// Looks at the catalog.
    init(of schema: String, database: String, kept: Kept?, on connection: borrowing ScriptConnection)
        throws(DatabaseError)
    {
        let row = SurveyRow(
            try connection.query(
                "select rolsuper, rolsuper or rolcreaterole from pg_roles where rolname = current_user"))
        self.mayBeMade = row.flag(1)
        let mark = InstallationMarks(schema: schema, database: database).guestAnywhere
        if let kept {
            self.kept = kept.role
            self.isIntact = try Self.isIntact(
                kept.role, mark: mark, verifier: row.flag(0) ? kept.verifier : nil, on: connection)
        }
        for name in (self.kept.map { [$0] } ?? []) + Self.names(schema: schema, database: database) {
            let candidate = SurveyRow(
                try connection.query(Self.candidateQuery, [name, mark]))
            guard !candidate.flag(0) || candidate.flag(1) else { continue }
            self.name = name
            self.exists = candidate.flag(0)
            return
        }
    }

    /// Roles belong to the whole cluster: a second database with a schema of the same name takes the second name.
    private static func names(schema: String, database: String) -> [String] {
        guard let hash = try? SHA256.hash(Array(database.utf8)) else { return [] }
        return ["", "_" + Hexadecimal.encode(Array(hash.prefix(4)))].compactMap {
            try? SchemaKeys(schema: schema).name("_guest" + $0)
        }
    }

    /// Whether a role exists, and whether install made it and nothing in any other database depends on it.
    private static let candidateQuery = """
        select r.oid is not null, coalesce(starts_with(shobj_description(r.oid, 'pg_authid'), $2)
            and not (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls)
            and not exists (select from pg_auth_members as m where m.member = r.oid)
            and not exists (select from pg_shdepend as d where d.refclassid = 'pg_authid'::regclass and d.refobjid =
                r.oid
                and (d.deptype = 'o' or d.dbid <> 0 and d.dbid <> b.oid)), false)
        from pg_database as b left join pg_roles as r on r.rolname = $1::text where b.datname = current_database()
        """

    /// - Parameter verifier: the verifier that the server must have of the password; nil if that can't be read.
    private static func isIntact(
        _ role: String, mark: String, verifier: String?, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> Bool {
        let row = SurveyRow(
            try connection.query(
                """
                select r.rolcanlogin and not r.rolsuper and not exists (select from pg_auth_members as m where
                    m.member = r.oid)
                    and not exists (select from pg_db_role_setting as s where s.setrole = r.oid)
                    and coalesce(starts_with(shobj_description(r.oid, 'pg_authid'), $2), false)
                from pg_roles as r where r.rolname = $1
                """, [role, mark]))
        guard row.flag(0), let verifier else { return row.flag(0) }
        let stored = SurveyRow(try connection.query("select rolpassword from pg_authid where rolname = $1", [role]))
        return stored.text(0) == verifier
    }
}
