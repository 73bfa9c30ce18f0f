import Names
import Postgres

/// The rights of roles.
extension InstallationPlan {
    /// The present and the future rights.
    var change: RightsChange {
        let before = RightsChange.Holders(
            publishers: self.survey.listed["grant_to"] ?? [], registrars: self.survey.listed["register_to"] ?? [])
        guard self.request.isSelf else {
            return RightsChange(
                before,
                adding: RightsChange.Holders(
                    publishers: self.request.grantTo ?? [], registrars: self.request.registerTo ?? []),
                revoking: self.request.revokeFrom)
        }
        func known(_ names: [String]) -> [String] { names.filter { !self.survey.unknownRoles.contains($0) } }
        return RightsChange(
            before, publishers: self.request.grantTo.map(known), registrars: self.request.registerTo.map(known))
    }

    /// Plans the rights that roles gain and lose, each by name, and repairs incomplete rights.
    mutating func planRights() {
        if self.request.isSelf {
            self.warnings += self.survey.unknownRoles.sorted().map {
                "there is no role \($0), which would get rights in schema \(self.request.schema)"
            }
        }
        let change = self.change
        let isNew = self.version == 0
        guard !self.request.isSelf || isNew || !change.isNothing || self.formerRole != nil else { return }
        self.planLosses(change)
        var statements = change.kept.map { self.grants(to: $0, in: change.before.common(with: change.after)) }
        if self.script.role != self.owner, self.formerRole == nil {
            statements.append(self.rights.sidecar(self.script.role))
        }
        if self.guest == nil, let guest = self.survey.guest.kept, self.survey.guest.isIntact {
            statements.append(self.rights.guest(guest))
        }
        if !statements.isEmpty {
            self.act(as: self.owner)
            self.add("rights", statements.joined(separator: "\n"), isRepair: !isNew)
        }
        if self.formerRole != nil, self.script.role != self.owner {
            self.act(as: self.owner)
            self.add(
                InstallationDeed("the sidecar's functions to \(self.script.role)", verb: "granted"),
                self.rights.sidecar(self.script.role))
        }
        for gain in change.gains {
            self.act(as: self.owner)
            self.add(
                InstallationDeed("\(gain.rights) to \(gain.role)", verb: "granted"),
                self.grants(to: gain.role, in: change.after))
        }
        guard !change.isNothing else { return }
        self.remember(
            [
                ("grant_to", SQLText.array(change.after.publishers)),
                ("register_to", SQLText.array(change.after.registrars)),
            ], title: "")
    }

    private mutating func planLosses(_ change: RightsChange) {
        func lose(_ role: String, _ deed: InstallationDeed, isRepair: Bool = false) {
            guard role != self.owner else { return }
            var statements = [self.rights.nothing(role), self.grants(to: role, in: change.after)]
            if ExactText.areSame(role, self.script.role) { statements.append(self.rights.sidecar(role)) }
            self.act(as: self.owner)
            self.add(deed, statements.joined(separator: "\n"), isRepair: isRepair)
        }
        if let former = self.formerRole, self.survey.formerRoleExists {
            lose(former, InstallationDeed("the sidecar's functions from \(former)", verb: "revoked"))
        }
        for loss in change.losses {
            lose(loss.role, InstallationDeed("\(loss.rights) from \(loss.role)", verb: "revoked"))
            if let rest = change.after.rights(of: "PUBLIC"), SchemaRights.grantee(loss.role) != "public" {
                self.warnings.append("\(loss.role) may still \(rest), as PUBLIC may; --revoke-from PUBLIC revokes that")
            }
        }
        for role in self.request.revokeFrom where change.before.rights(of: role) == nil {
            self.warnings.append("install gave \(role) no rights in schema \(self.request.schema)")
            // An administrator may have granted some.
            lose(role, InstallationDeed("rights that others granted from \(role)", verb: "revoked"), isRepair: true)
        }
    }

    private func grants(to role: String, in holders: RightsChange.Holders) -> String {
        guard role != self.owner else { return "" }
        return [
            RightsChange.has(holders.publishers, role) ? self.rights.publisher(role) : nil,
            RightsChange.has(holders.registrars, role) ? self.rights.registrar(role) : nil,
        ].compactMap(\.self).joined(separator: "\n")
    }
}
