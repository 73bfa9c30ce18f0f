import Names

/// The present and the future rights of roles.
struct RightsChange: Sendable, Equatable {
    /// The roles that may publish and call, and those that may register and subscribe.
    struct Holders: Sendable, Equatable {
        var publishers: [String] = []
        var registrars: [String] = []

        /// The rights of a role, as people read them; nil if it has none.
        func rights(of role: String, but others: Self = Self()) -> String? {
            func has(_ names: [String]) -> Bool { RightsChange.has(names, role) }
            let parts = [
                has(self.publishers) && !has(others.publishers) ? "publish, call" : nil,
                has(self.registrars) && !has(others.registrars) ? "register, subscribe" : nil,
            ].compactMap(\.self)
            return parts.isEmpty ? nil : parts.joined(separator: ", ")
        }

        /// The rights that another state has as well.
        func common(with other: Self) -> Self {
            Self(
                publishers: self.publishers.filter { RightsChange.has(other.publishers, $0) },
                registrars: self.registrars.filter { RightsChange.has(other.registrars, $0) })
        }

        /// All roles with any right, each once.
        var all: [String] { RightsChange.once(self.publishers + self.registrars) }
    }

    let before: Holders
    let after: Holders

    /// The change that `install` makes: it adds, and revokes from the roles named for that. A role named for both loses
    /// the rights that are not named.
    init(_ before: Holders, adding more: Holders, revoking roles: [String]) {
        func changed(_ names: [String], _ more: [String]) -> [String] {
            Self.once(names.filter { !Self.has(roles, $0) } + more)
        }
        self.before = before
        self.after = Holders(
            publishers: changed(before.publishers, more.publishers),
            registrars: changed(before.registrars, more.registrars))
    }

    /// The change that a file makes: the named roles have the right and no others; nil leaves it as it is.
    init(_ before: Holders, publishers: [String]?, registrars: [String]?) {
        self.before = before
        self.after = Holders(
            publishers: publishers.map(Self.once) ?? before.publishers,
            registrars: registrars.map(Self.once) ?? before.registrars)
    }

    /// The roles that lose rights, with these rights.
    var losses: [(role: String, rights: String)] {
        self.before.all.compactMap { role in self.before.rights(of: role, but: self.after).map { (role, $0) } }
    }

    /// The roles that gain rights, with these rights.
    var gains: [(role: String, rights: String)] {
        self.after.all.compactMap { role in self.after.rights(of: role, but: self.before).map { (role, $0) } }
    }

    /// The roles that have rights before and after.
    var kept: [String] { self.before.common(with: self.after).all }

    /// Whether no role gains or loses a right.
    var isNothing: Bool { self.losses.isEmpty && self.gains.isEmpty }

    /// Whether a role is among them: `PUBLIC` in any case, all others by their octets.
    static func has(_ names: [String], _ role: String) -> Bool {
        let grantee = ExactText(SchemaRights.grantee(role))
        return names.contains { ExactText(SchemaRights.grantee($0)) == grantee }
    }

    private static func once(_ names: [String]) -> [String] {
        var seen: Set<ExactText> = []
        return names.filter { seen.insert(ExactText(SchemaRights.grantee($0))).inserted }
    }
}
