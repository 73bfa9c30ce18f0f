import Names
import Postgres

/// The steps from the present to the requested state. Pure: it queries nothing.
package struct InstallationPlan: Sendable {
    /// In order, all in one transaction.
    package private(set) var steps: [InstallationStep] = []
    /// Warnings for the administrator.
    package internal(set) var warnings: [String] = []

    /// The statements that an administrator must run first for `call`, if the installing role can't; nil if there are
    /// none.
    private(set) var missingDblink: String?

    let survey: SchemaSurvey
    let request: InstallationRequest
    let script: SchemaScript
    let rights: SchemaRights
    private let marks: InstallationMarks
    private var actsAs: String

    /// Plans.
    ///
    /// - Throws: ``InstallationRefusal`` and ``SchemaNameError``.
    package init(_ request: InstallationRequest, on survey: SchemaSurvey, binary: String) throws {
        let owner =
            try survey.schemaOwner ?? (request.isSelf ? survey.currentRole : SchemaKeys(schema: request.schema).owner)
        self.survey = survey
        self.request = request
        self.script = try SchemaScript(
            schema: request.schema, owner: owner, role: request.role ?? survey.currentRole)
        self.rights = SchemaRights(schema: request.schema)
        self.marks = InstallationMarks(schema: request.schema, database: survey.database)
        self.actsAs = survey.currentRole
        try self.refuse(binary: binary)
        self.planRoles()
        self.planSchema()
        self.planScripts()
        self.planIdentity()
        self.planGuest()
        self.planRights()
        try self.planPrefixes()
        self.planDblink()
        self.act(as: survey.currentRole)
        if owner == self.script.role {
            self.warnings.append(
                """
                the role \(owner) owns schema \(request.schema) and is the sidecar's role: functions that run as it \
                can read the outbox and grant rights; wamp-sidecar install makes two separate roles
                """)
        }
    }

    /// The version of the installed schema; 0 if there is no interface.
    var version: Int { self.survey.meta.flatMap { $0["version"] }.flatMap { Int($0) } ?? 0 }

    var owner: String { self.script.owner }

    private func refuse(binary: String) throws(InstallationRefusal) {
        let schema = self.request.schema
        // This very run may create the sidecar's own role.
        if !self.request.isSelf, let role = self.survey.unknownRoles.first(where: { $0 != self.request.role }) {
            throw InstallationRefusal("there is no role \(role), so its rights can't be changed")
        }
        guard let meta = self.survey.meta else { return }
        if !self.request.isSelf, self.request.isRoleGiven, !self.request.replacesRole, let former = self.formerRole {
            throw InstallationRefusal(
                """
                schema \(schema) belongs to the sidecar's role \(former), which would lose its rights to \
                \(self.script.role): leave --role out to keep it, or add --replace-role
                """)
        }
        if let least = meta["least_binary"], BinaryVersion(binary) < BinaryVersion(least) {
            throw InstallationRefusal(
                "schema \(schema) requires wamp-sidecar \(least) or later; this is \(binary)")
        }
        if !self.request.adopts, !self.isOriginal {
            throw InstallationRefusal(
                """
                database \(self.survey.database) is a copy of the one that schema \(schema) was installed in \
                (\(meta["database"] ?? "unknown")), or was renamed; install --adopt makes it an original
                """, isCopy: true)
        }
    }

    /// The former role of the sidecar, if another one replaces it.
    var formerRole: String? {
        self.survey.meta?["sidecar_role"].flatMap { ExactText.areSame($0, self.script.role) ? nil : $0 }
    }

    private var isOriginal: Bool {
        guard let meta = self.survey.meta, let database = meta["database"] else { return true }
        let identifier = meta["system_identifier"] ?? ""
        return database == self.survey.database
            && (identifier.isEmpty || self.survey.systemIdentifier.isEmpty
                || identifier == self.survey.systemIdentifier)
    }

    private mutating func planRoles() {
        let owner = SQLText.identifier(self.owner)
        if !self.survey.ownerRoleExists, self.survey.schemaOwner == nil {
            self.add(
                "role \(self.owner), which owns the interface",
                "create role \(owner) nologin;\n\(Self.comment(on: "role \(owner)", self.marks.owner))")
        } else if self.isUnmarkedOwner {
            self.add(
                "a note that \(self.owner) is install's own role", Self.comment(on: "role \(owner)", self.marks.owner),
                warning: "uninstall will leave the role")
        }
        if !self.survey.isSuperuser, !self.survey.isMemberOfOwner, !self.request.isSelf {
            self.add("membership in \(self.owner), for installing", "grant \(owner) to current_user;")
        }
        guard let role = self.request.role else { return }
        if !self.survey.sidecarRoleExists {
            let statement = "create role \(SQLText.identifier(role)) login noinherit"
            let comment = Self.comment(on: "role \(SQLText.identifier(role))", self.marks.sidecar)
            if let verifier = self.request.verifier {
                self.add(
                    "role \(role), which the sidecar connects as",
                    "\(statement) password \(SQLText.literal(verifier));\n\(comment)",
                    shown: "\(statement);\n\(Self.passwordAdvice(role))\n\(comment)")
            } else {
                self.add("role \(role), which the sidecar connects as", "\(statement);\n\(comment)")
                self.warnings.append(Self.noPassword(role))
            }
            if self.survey.isSuperuser {
                // The port's password is a bound value, and a server that logs all statements logs bound values.
                self.add(
                    "bound values of \(role) stay out of the server's log",
                    "alter role \(SQLText.identifier(role)) set log_parameter_max_length = 0;")
            }
        } else {
            self.planPassword(of: role)
        }
        if !self.survey.sidecarRoleMayConnect {
            self.add(
                "the right to connect",
                "grant connect on database \(SQLText.identifier(self.survey.database)) to \(SQLText.identifier(role));")
        }
    }

    /// Gives an existing role a password if it has none; an existing password is not overwritten.
    private mutating func planPassword(of role: String) {
        let name = SQLText.identifier(role)
        if !self.survey.sidecarRoleMayLogin {
            self.warnings.append("the role \(role) may not log in; allow it:\nalter role \(name) login;")
        }
        switch (self.request.verifier, self.survey.sidecarRoleHasPassword) {
        case (let verifier?, false?):
            self.add(
                "password of role \(role)", "alter role \(name) password \(SQLText.literal(verifier));",
                shown: Self.passwordAdvice(role))
        case (_?, true?):
            self.warnings.append(
                "the role \(role) already has a password, which remains; psql sets another one:\n\\password \(name)"
            )
        case (_?, nil):
            self.warnings.append(
                """
                the role \(role) already exists, and only a superuser sees whether it has a password, so nothing is \
                changed; psql sets one:
                \\password \(name)
                """)
        case (nil, false?):
            if self.survey.sidecarRoleMayLogin { self.warnings.append(Self.noPassword(role)) }
        case (nil, _): break
        }
    }

    private static func noPassword(_ role: String) -> String {
        """
        the role \(role) has no password; install sets one with WAMP_ROLE_PASSWORD or --role-password-file, or psql \
        does:
        \\password \(SQLText.identifier(role))
        """
    }

    /// Replaces a password in the printed statements.
    private static func passwordAdvice(_ role: String) -> String {
        "-- passwords are not printed; psql asks for one:\n-- \\password \(SQLText.identifier(role))"
    }

    /// An owner as version 1 made it, without a comment: no role can act as it, and it owns this schema under the name
    /// that install uses.
    private var isUnmarkedOwner: Bool {
        let role = self.survey.ownerRole
        return self.survey.schemaOwner == self.script.keys.owner && role.comment == nil && !role.canLogin
            && !role.isPrivileged && role.members.isEmpty && !self.request.isSelf
            && self.survey.currentRole != self.owner
    }

    private static func comment(on object: String, _ text: String) -> String {
        "comment on \(object) is \(SQLText.literal(text));"
    }

    private mutating func planSchema() {
        guard self.survey.schemaOwner == nil else { return }
        self.add(
            "schema \(self.request.schema)",
            "create schema \(SQLText.identifier(self.request.schema)) authorization \(SQLText.identifier(self.owner));")
    }

    private mutating func planScripts() {
        guard self.version < SchemaScript.version else { return }
        for number in (self.version + 1)...SchemaScript.version {
            guard let text = self.script.upgrade(to: number) else { continue }
            self.act(as: self.owner)
            self.add("tables and functions, version \(number)", text)
        }
    }

    private mutating func planIdentity() {
        var entries: [(String, String)] = []
        if self.survey.meta == nil || self.request.adopts {
            entries += [("database", self.survey.database), ("system_identifier", self.survey.systemIdentifier)]
        }
        if self.survey.meta?["sidecar_role"] != self.script.role {
            entries.append(("sidecar_role", self.script.role))
        }
        // uninstall revokes it.
        if !self.survey.sidecarRoleMayConnect { entries.append(("connect_granted", self.script.role)) }
        self.remember(
            entries, title: self.request.adopts ? "this database is the original" : "identity of this database")
        if self.request.adopts {
            self.act(as: self.owner)
            self.add("the roles of registrations", self.adoption)
        }
    }

    /// The oids of roles in the cluster that the database is in now. None of the schema's triggers and functions run
    /// for it.
    private var adoption: String {
        func oid(_ column: String) -> String {
            "pg_catalog.to_regrole(pg_catalog.quote_ident(\(column)))::pg_catalog.oid"
        }
        func name(_ table: String) -> String { SQLText.qualified(self.request.schema, table) }
        let registrants = ["registration", "subscription"].map {
            "alter table \(name($0)) alter registrant type pg_catalog.oid using \(oid("registered_by"));"
        }
        return """
            \(registrants.joined(separator: "\n"))
            update only \(name("register_prefix")) set role_oid = coalesce(\(oid("role")), 0);
            delete from only \(name("registrant"));
            """
    }

    /// The role that runs the functions of low roles, if it must be made or repaired.
    var guest: GuestRole? {
        let survey = self.survey.guest
        guard survey.mayBeMade, survey.kept == nil || !survey.isIntact else { return nil }
        return survey.name.map {
            GuestRole(
                name: $0, exists: survey.exists, mark: self.marks.guest, owner: self.owner,
                administrator: self.survey.currentRole, schema: self.request.schema, rights: self.rights)
        }
    }

    private mutating func planGuest() {
        let refused = "registrations of roles that are neither owner nor superuser are refused"
        if let guest = self.guest {
            self.act(as: self.survey.currentRole)
            self.add(
                "role \(guest.name), which runs the functions of low roles", guest.statements, warning: refused)
            return
        }
        let survey = self.survey.guest
        guard survey.kept == nil || !survey.isIntact else { return }
        guard !self.request.isSelf || !(self.request.registerTo ?? []).isEmpty else { return }
        self.warnings.append(
            survey.mayBeMade
                ? "the possible names of the guest role belong to other roles; \(refused)"
                : "the role \(self.survey.currentRole) may not create the guest role; \(refused) until an "
                    + "administrator runs \(self.script.guestAdministration)")
    }

    private mutating func planPrefixes() throws(InstallationRefusal) {
        guard !self.request.registerPrefixes.isEmpty else { return }
        let registrars = self.change.after.registrars
        let table = SQLText.qualified(self.request.schema, "register_prefix")
        self.act(as: self.owner)
        for entry in self.request.registerPrefixes {
            guard RightsChange.has(registrars, entry.role) else {
                throw InstallationRefusal(
                    "\(entry.role) has a prefix, but may not register; --register-to \(entry.role) grants the right")
            }
            var statements = ["delete from \(table) where role = \(SQLText.literal(entry.role));"]
            statements += entry.prefixes.map { prefix in
                let oid =
                    SchemaRights.grantee(entry.role) == "public"
                    ? "0" : "(select oid from pg_catalog.pg_roles where rolname = \(SQLText.literal(entry.role)))"
                return "insert into \(table) (role, role_oid, prefix) values "
                    + "(\(SQLText.literal(entry.role)), \(oid), \(SQLText.literal(prefix)));"
            }
            self.add(
                entry.prefixes.isEmpty
                    ? "\(entry.role) may register anything"
                    : "\(entry.role) may register names that begin with \(entry.prefixes.joined(separator: " or "))",
                statements.joined(separator: "\n"))
        }
    }

    private mutating func planDblink() {
        let mayAdminister = !self.request.isSelf || self.survey.isSuperuser
        let owner = SQLText.identifier(self.owner)
        let missing = """
            without dblink neither wamp.call nor immediate publishing works; an administrator has to run:
            \(self.script.administratorStatements)
            """
        guard let dblink = self.survey.dblinkSchema else {
            guard mayAdminister, self.survey.dblinkIsAvailable else {
                self.warnings.append(
                    self.survey.dblinkIsAvailable
                        ? missing
                        : "PostgreSQL's contrib modules, and so dblink, are not installed on the server. " + missing)
                self.missingDblink = missing
                return
            }
            let schema = self.request.schema + "_dblink"
            let name = SQLText.identifier(schema)
            self.act(as: self.survey.currentRole)
            let isThere = self.survey.dblinkSpace != nil
            self.add(
                "extension dblink in schema \(schema), and the call port's foreign server",
                """
                \(isThere ? "" : "create schema \(name);\n\(Self.comment(on: "schema \(name)", self.marks.dblink))")
                create extension dblink schema \(name);
                \(Self.comment(on: "extension dblink", self.marks.dblink))
                revoke all on all routines in schema \(name) from public;
                \(SchemaRights.dblink(in: schema, to: owner))
                set local role \(owner);
                \(self.script.dblink(in: schema))
                \(self.resetRole)
                """, warning: missing)
            return
        }
        if !self.survey.dblinkIsUsable, !mayAdminister {
            self.warnings.append(missing)
            self.missingDblink = missing
            return
        }
        guard
            !self.request.isSelf || self.survey.meta?["dblink_schema"] != dblink || self.version < SchemaScript.version
        else { return }
        if self.survey.dblinkIsOpen, !self.survey.dblinkIsMade {
            self.warnings.append(
                """
                dblink existed before: any role that may execute its functions can send any document to the call port \
                over the connection that wamp.call keeps in its session, as far as the port key allows
                """)
        }
        self.act(as: self.survey.currentRole)
        self.add(
            "the call port's foreign server, by dblink in schema \(dblink)",
            """
            \(self.survey.dblinkIsUsable ? "" : SchemaRights.dblink(in: dblink, to: owner))
            set local role \(owner);
            \(self.survey.dblinkIsUsable ? "" : self.insert([("dblink_granted", dblink)]))
            \(self.script.dblink(in: dblink))
            \(self.resetRole)
            """, warning: missing,
            isRepair: self.survey.dblinkIsUsable && self.version == SchemaScript.version
                && self.survey.meta?["dblink_schema"] == dblink)
    }

    private var resetRole: String { "set local role \(SQLText.identifier(self.survey.currentRole));" }

    mutating func remember(_ entries: [(String, String)], title: String) {
        guard !entries.isEmpty else { return }
        self.act(as: self.owner)
        self.add(title, self.insert(entries))
    }

    private func insert(_ entries: [(String, String)]) -> String {
        let values = entries.map { "(\(SQLText.literal($0.0)), \(SQLText.literal($0.1)))" }
        return """
            insert into \(SQLText.qualified(self.request.schema, "meta")) (key, value) values
                \(values.joined(separator: ",\n    "))
                on conflict (key) do update set value = excluded.value;
            """
    }

    mutating func act(as role: String) {
        guard role != self.actsAs else { return }
        self.actsAs = role
        self.add("", "set local role \(SQLText.identifier(role));")
    }

    mutating func add(
        _ title: String, _ sql: String, shown: String? = nil, warning: String? = nil, isRepair: Bool = false
    ) {
        self.steps.append(
            InstallationStep(InstallationDeed(title), sql, shown: shown, warning: warning, isRepair: isRepair))
    }

    mutating func add(_ deed: InstallationDeed, _ sql: String, isRepair: Bool = false) {
        self.steps.append(InstallationStep(deed, sql, isRepair: isRepair))
    }
}
