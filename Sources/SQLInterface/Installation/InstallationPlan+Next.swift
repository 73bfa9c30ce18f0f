internal import Cryptography
import Postgres

/// The administrator's next steps.
extension InstallationPlan {
    /// The steps that remain.
    ///
    /// - Parameter address: the database's address, `db.example.com:5432`.
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
                "allow an application's role to use it: "
                    + "wamp-sidecar install --admin-url .. --grant-to ROLE --register-to ROLE"
            )
        }
        let url = "postgresql://\(Self.encoded(role))@\(address)/\(Self.encoded(self.survey.database))"
        let schema = self.request.schema == "wamp" ? "" : " and database.schema: \(self.request.schema)"
        next.append("in sidecar.yaml: database.url: \(url)\(schema); then: wamp-sidecar check sidecar.yaml --connect")
        return next
    }

    /// A name, encoded for a URL.
    private static func encoded(_ name: String) -> String {
        name.utf8.map { octet in
            let character = Character(UnicodeScalar(octet))
            let isPlain = octet < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
            return isPlain ? String(character) : "%" + Hexadecimal.encode([octet])
        }.joined()
    }
}
