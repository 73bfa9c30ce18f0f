import Names

/// Who has which rights now, and who is to have them.
struct RightsChange: Sendable, Equatable {
    /// Who may publish and call, and who may register and subscribe.
    struct Holders: Sendable, Equatable {
        var publishers: [String] = []
        var registrars: [String] = []

        /// What a role has of it, as people read it; nil if nothing.
        func rights(of role: String, but others: Self = Self()) -> String? {
            func has(_ names: [String]) -> Bool { RightsChange.has(names, role) }
            let parts = [
                has(self.publishers) && !has(others.publishers) ? "publish, call" : nil,
                has(self.registrars) && !has(others.registrars) ? "register, subscribe" : nil,
            ].compactMap(\.self)
            return parts.isEmpty ? nil : parts.joined(separator: ", ")
        }

        /// What of it holds in another state as well.
        func common(with other: Self) -> Self {
            Self(
                publishers: self.publishers.filter { RightsChange.has(other.publishers, $0) },
                registrars: self.registrars.filter { RightsChange.has(other.registrars, $0) })
        }

        /// Everybody who has any of it, once.
        var all: [String] { RightsChange.once(self.publishers + self.registrars) }
    }

    let before: Holders
    let after: Holders

    /// What `install` does: it adds, and takes from those that are named for it. Who is named for both loses what isn't
    /// named.
    init(_ before: Holders, adding more: Holders, revoking roles: [String]) {
        func changed(_ names: [String], _ more: [String]) -> [String] {
            Self.once(names.filter { !Self.has(roles, $0) } + more)
        }
        self.before = before
        self.after = Holders(
            publishers: changed(before.publishers, more.publishers),
            registrars: changed(before.registrars, more.registrars))
    }

    /// What a file does: who is named has the right and nobody else; nil leaves it as it is.
    init(_ before: Holders, publishers: [String]?, registrars: [String]?) {
        self.before = before
        self.after = Holders(
            publishers: publishers.map(Self.once) ?? before.publishers,
            registrars: registrars.map(Self.once) ?? before.registrars)
    }

    /// Those that lose something, with what it is.
    var losses: [(role: String, rights: String)] {
        self.before.all.compactMap { role in self.before.rights(of: role, but: self.after).map { (role, $0) } }
    }

    /// Those that gain something, with what it is.
    var gains: [(role: String, rights: String)] {
        self.after.all.compactMap { role in self.after.rights(of: role, but: self.before).map { (role, $0) } }
    }

    /// Those that have something before and after.
    var kept: [String] { self.before.common(with: self.after).all }

    /// Whether nobody gains or loses anything.
    var isNothing: Bool { self.losses.isEmpty && self.gains.isEmpty }

    /// Whether a role is among them: `PUBLIC` in whatever case, all others by their octets.
    static func has(_ names: [String], _ role: String) -> Bool {
        let grantee = ExactText(SchemaRights.grantee(role))
        return names.contains { ExactText(SchemaRights.grantee($0)) == grantee }
    }

    private static func once(_ names: [String]) -> [String] {
        var seen: Set<ExactText> = []
        return names.filter { seen.insert(ExactText(SchemaRights.grantee($0))).inserted }
    }
}
