import Postgres

/// Whether the current role may use the existing objects, or whether they belong to somebody else.
///
/// The objects of a schema can run any code of their owner as soon as somebody reads or writes them. So a role reads
/// and writes only its own objects, or those of a role that no other role can act as and that owns only the scripts'
/// objects.
struct SchemaTrust: Sendable {
    private let survey: SchemaSurvey
    private let schema: String
    private let owner: String

    /// - Parameters:
    ///   - schema: the schema's name, not quoted.
    ///   - owner: the name of the role that `install` makes as the schema's owner.
    init(_ survey: SchemaSurvey, schema: String, owner: String) {
        self.survey = survey
        self.schema = schema
        self.owner = owner
    }

    /// Refuses to install.
    func check(_ request: InstallationRequest) throws(InstallationRefusal) {
        if self.survey.isForeign {
            throw InstallationRefusal(
                "schema \(self.schema) contains other objects than the interface; name another schema, or empty it")
        }
        try self.checkServer(request)
        try self.checkDblink(request)
        guard let found = self.survey.schemaOwner else {
            if !request.isSelf, self.survey.ownerRoleExists { try self.checkOwnerRole(isProven: false) }
            return
        }
        if found == self.survey.currentRole, !self.survey.isSuperuser || request.isSelf || request.role == found {
            return try self.checkContent(ofOthers: true)
        }
        if found == request.role {
            guard self.survey.isEmpty else {
                throw InstallationRefusal(
                    """
                    schema \(self.schema) belongs to \(found), which is the sidecar's role too, and its objects \
                    would run as \(self.survey.currentRole): install with a URL of \(found) \
                    (--admin-url postgresql://\(found)@..), \
                    or restart the sidecar, which upgrades by itself
                    """)
            }
            return
        }
        guard found == self.owner else {
            throw InstallationRefusal(
                """
                schema \(self.schema) belongs to \(found), not to \(self.owner), which install makes for it: the \
                objects of \(found) would run as \(self.survey.currentRole). Name another schema, or drop this one; \
                --role \(found) with a URL of \(found) installs with that role for everything
                """)
        }
        try self.checkOwnerRole(isProven: true)
        try self.checkContent(ofOthers: false)
    }

    /// Refuses to uninstall, which counts the rows of the interface's tables.
    func checkRemoval() throws(InstallationRefusal) {
        try self.checkContent(ofOthers: self.survey.schemaOwner == self.survey.currentRole)
    }

    private func checkContent(ofOthers: Bool) throws(InstallationRefusal) {
        let findings = self.survey.inspection.findings.filter { $0.isOthers || !ofOthers }
        guard !findings.isEmpty else { return }
        let most = 5
        let named = findings.prefix(most).map { finding in
            finding.author.map { "\(finding.what) (by \($0))" } ?? finding.what
        }
        let rest = findings.count > most ? " and \(findings.count - most) more" : ""
        throw InstallationRefusal(
            """
            schema \(self.schema) contains other objects than the interface: \(named.joined(separator: "; "))\(rest). \
            They could run as \(self.survey.currentRole): examine them, and drop them or move them to another schema \
            first. (A newer wamp-sidecar knows its own objects.)
            """)
    }

    private func checkOwnerRole(isProven: Bool) throws(InstallationRefusal) {
        let name = SQLText.identifier(self.owner)
        let role = self.survey.ownerRole
        let wrong: String? =
            if role.canLogin {
                "can log in; if nobody uses it: alter role \(name) nologin"
            } else if role.isPrivileged {
                "has attributes that it must not have; "
                    + "alter role \(name) nosuperuser nocreaterole nocreatedb noreplication nobypassrls"
            } else if let member = role.members.first {
                """
                is granted to \(role.members.joined(separator: ", ")), who can act as it; revoke \(name) from \
                \(SQLText.identifier(member))
                """
            } else if !isProven, role.comment?.hasPrefix(self.marks.ownerAnywhere) != true {
                """
                was not made by install, according to its comment; if it was: comment on role \(name) is \
                \(SQLText.literal(self.marks.owner)); otherwise rename it
                """
            } else {
                nil
            }
        guard let wrong else { return }
        throw InstallationRefusal(
            "the role \(self.owner), which owns the interface of schema \(self.schema), \(wrong); "
                + "or name another schema")
    }

    private func checkServer(_ request: InstallationRequest) throws(InstallationRefusal) {
        let owner = self.survey.schemaOwner ?? (request.isSelf ? self.survey.currentRole : self.owner)
        guard let found = self.survey.serverOwner, found != owner else { return }
        throw InstallationRefusal(
            """
            the foreign server for the call port already exists, and belongs to \(found), not to \(owner): \
            it would get the port's password; drop or rename it
            """)
    }

    private func checkDblink(_ request: InstallationRequest) throws(InstallationRefusal) {
        guard !request.isSelf || self.survey.isSuperuser, self.survey.dblinkIsAvailable,
            let space = self.survey.dblinkSpace, !space.isClean
        else { return }
        throw InstallationRefusal(
            """
            schema \(self.schema)_dblink, intended for the extension dblink, already exists, belongs to \(space.owner) \
            and may contain others' objects, which would run as \(self.survey.currentRole): drop or rename it, or \
            create the extension in another schema first
            """)
    }

    private var marks: InstallationMarks {
        InstallationMarks(schema: self.schema, database: self.survey.database)
    }
}
