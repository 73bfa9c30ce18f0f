import Postgres

/// Whether what is there may be worked with by the role that looks, or is somebody else's.
///
/// What a schema holds can run whatever its owner wants, as soon as it is read or written. So a role reads and writes
/// only what is its own, or what belongs to a role that nobody else can act as and that holds nothing but what the
/// scripts make.
struct SchemaTrust: Sendable {
    private let survey: SchemaSurvey
    private let schema: String
    private let owner: String

    /// - Parameters:
    ///   - schema: the schema's name, not quoted.
    ///   - owner: the name of the role that `install` makes as its owner.
    init(_ survey: SchemaSurvey, schema: String, owner: String) {
        self.survey = survey
        self.schema = schema
        self.owner = owner
    }

    /// Refuses to install.
    func check(_ request: InstallationRequest) throws(InstallationRefusal) {
        if self.survey.isForeign {
            throw InstallationRefusal(
                "schema \(self.schema) holds something else than the interface; name another one, or empty it")
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
                    schema \(self.schema) belongs to \(found), which is the sidecar's role too, and what it put there would \
                    run as \(self.survey.currentRole): run it with a URL of \(found) (--admin-url postgresql://\(found)@..), \
                    or restart the sidecar, which upgrades by itself
                    """)
            }
            return
        }
        guard found == self.owner else {
            throw InstallationRefusal(
                """
                schema \(self.schema) belongs to \(found), and not to \(self.owner), which install makes for it: what \(found) \
                put there would run as \(self.survey.currentRole). Name another schema, or drop this one; --role \(found) \
                with a URL of \(found) installs with that role for everything
                """)
        }
        try self.checkOwnerRole(isProven: true)
        try self.checkContent(ofOthers: false)
    }

    /// Refuses to take the interface away, which counts the rows of its tables.
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
            schema \(self.schema) holds something else than the interface: \(named.joined(separator: "; "))\(rest). It could run as \
            \(self.survey.currentRole): look at it, and drop it or move it to another schema first. (A newer wamp-sidecar \
            knows what it made itself.)
            """)
    }

    private func checkOwnerRole(isProven: Bool) throws(InstallationRefusal) {
        let name = SQLText.identifier(self.owner)
        let role = self.survey.ownerRole
        let wrong: String? =
            if role.canLogin {
                "can log in; if it is nobody's: alter role \(name) nologin"
            } else if role.isPrivileged {
                "has rights beyond owning; alter role \(name) nosuperuser nocreaterole nocreatedb noreplication nobypassrls"
            } else if let member = role.members.first {
                """
                is granted to \(role.members.joined(separator: ", ")), who can act as it; revoke \(name) from \
                \(SQLText.identifier(member))
                """
            } else if !isProven, role.comment?.hasPrefix(self.marks.ownerAnywhere) != true {
                """
                was not made by install, as far as its comment tells; if it was: comment on role \(name) is \
                \(SQLText.literal(self.marks.owner)); else rename it
                """
            } else {
                nil
            }
        guard let wrong else { return }
        throw InstallationRefusal(
            "the role \(self.owner), which owns the interface of schema \(self.schema), \(wrong); or name another schema"
        )
    }

    private func checkServer(_ request: InstallationRequest) throws(InstallationRefusal) {
        let owner = self.survey.schemaOwner ?? (request.isSelf ? self.survey.currentRole : self.owner)
        guard let found = self.survey.serverOwner, found != owner else { return }
        throw InstallationRefusal(
            """
            the foreign server that is to lead to the sidecar's port is there, and belongs to \(found), not to \(owner): \
            it would get the port's password; drop or rename it
            """)
    }

    private func checkDblink(_ request: InstallationRequest) throws(InstallationRefusal) {
        guard !request.isSelf || self.survey.isSuperuser, self.survey.dblinkIsAvailable,
            let space = self.survey.dblinkSpace, !space.isClean
        else { return }
        throw InstallationRefusal(
            """
            schema \(self.schema)_dblink, which is to hold the extension dblink, is there, belongs to \(space.owner) and may \
            hold what others made, which would run as \(self.survey.currentRole): drop or rename it, or make the extension \
            in another schema first
            """)
    }

    private var marks: InstallationMarks {
        InstallationMarks(schema: self.schema, database: self.survey.database)
    }
}
