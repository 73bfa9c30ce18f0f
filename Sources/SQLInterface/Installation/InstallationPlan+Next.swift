internal import Cryptography
import Postgres

/// What the administrator has to do afterwards.
extension InstallationPlan {
    /// What is to be done after it.
    ///
    /// - Parameter address: where the database is, `db.example.com:5432`.
    package func next(at address: String) -> [String] {
        let role = self.script.role
        var next: [String] = []
        let hasPassword =
            self.request.verifier != nil
            || (self.survey.sidecarRoleExists && self.survey.sidecarRoleHasPassword != false)
        if !self.request.isSelf, !hasPassword {
            next.append("give the role \(role) a password, in psql: \\password \(SQLText.identifier(role))")
        }
        if self.change.after.all.isEmpty {
            next.append(
                "let an application's role use it: wamp-sidecar install --admin-url .. --grant-to ROLE --register-to ROLE"
            )
        }
        let url = "postgresql://\(Self.encoded(role))@\(address)/\(Self.encoded(self.survey.database))"
        let schema = self.request.schema == "wamp" ? "" : " and database.schema: \(self.request.schema)"
        next.append("in sidecar.yaml database.url: \(url)\(schema); then: wamp-sidecar check sidecar.yaml --connect")
        return next
    }

    /// A name as it stands in a URL.
    private static func encoded(_ name: String) -> String {
        name.utf8.map { octet in
            let character = Character(UnicodeScalar(octet))
            let isPlain = octet < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
            return isPlain ? String(character) : "%" + Hexadecimal.encode([octet])
        }.joined()
    }
}
