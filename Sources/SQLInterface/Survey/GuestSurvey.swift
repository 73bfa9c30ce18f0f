internal import Cryptography
import Postgres

/// What there is of the role that runs what low roles registered.
package struct GuestSurvey: Sendable, Equatable {
    /// The role whose password the schema keeps; nil if it keeps none.
    package var kept: String?
    /// Whether that role is as `install` made it: with the password that is kept, and without settings of its own.
    package var isIntact = false
    /// The name for one that is to be made; nil if all that come into question belong to others.
    package var name: String?
    /// Whether there is a role of that name, which an installation left behind, or which is to be mended.
    package var exists = false
    /// Whether the role that looks may make roles.
    package var mayBeMade = false

    /// Nothing is there.
    package init() {}

    /// What the interface keeps of it. The owner writes it, so it proves nothing.
    struct Kept: Sendable, Equatable {
        fileprivate let role: String
        fileprivate let verifier: String?

        /// Reads it as the owner, whose table it is; nil if there is none.
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

    /// Roles are the whole cluster's: a second database with a schema of the same name takes the second name.
    private static func names(schema: String, database: String) -> [String] {
        guard let hash = try? SHA256.hash(Array(database.utf8)) else { return [] }
        return ["", "_" + Hexadecimal.encode(Array(hash.prefix(4)))].compactMap {
            try? SchemaKeys(schema: schema).name("_guest" + $0)
        }
    }

    /// Whether a role is there, and whether it is one that install made and nothing of any other database depends on.
    private static let candidateQuery = """
        select r.oid is not null, coalesce(starts_with(shobj_description(r.oid, 'pg_authid'), $2)
            and not (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls)
            and not exists (select from pg_auth_members as m where m.member = r.oid)
            and not exists (select from pg_shdepend as d where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
                and (d.deptype = 'o' or d.dbid <> 0 and d.dbid <> b.oid)), false)
        from pg_database as b left join pg_roles as r on r.rolname = $1::text where b.datname = current_database()
        """

    /// - Parameter verifier: what the server must have of the password; nil if that can't be read.
    private static func isIntact(
        _ role: String, mark: String, verifier: String?, on connection: borrowing ScriptConnection
    ) throws(DatabaseError) -> Bool {
        let row = SurveyRow(
            try connection.query(
                """
                select r.rolcanlogin and not r.rolsuper and not exists (select from pg_auth_members as m where m.member = r.oid)
                    and not exists (select from pg_db_role_setting as s where s.setrole = r.oid)
                    and coalesce(starts_with(shobj_description(r.oid, 'pg_authid'), $2), false)
                from pg_roles as r where r.rolname = $1
                """, [role, mark]))
        guard row.flag(0), let verifier else { return row.flag(0) }
        let stored = SurveyRow(try connection.query("select rolpassword from pg_authid where rolname = $1", [role]))
        return stored.text(0) == verifier
    }
}
