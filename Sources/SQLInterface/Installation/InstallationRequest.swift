/// What somebody wants installed.
package struct InstallationRequest: Sendable, Equatable {
    /// The schema's name, not quoted.
    package var schema: String
    /// The role that the sidecar connects as; nil: the one that installs, which owns the schema already.
    package var role: String?
    /// Whether somebody named the role; else the interface's own is kept where there is one.
    package var isRoleGiven: Bool
    /// Whether another role than the interface's may become the sidecar's.
    package var replacesRole: Bool
    /// What becomes the password of a role that has none: a SCRAM verifier, never the password itself.
    package var verifier: String?
    /// The roles that are to publish and call besides those that may; of a sidecar that installs for itself: all that
    /// may. nil changes nothing.
    package var grantTo: [String]?
    /// The roles that are to register and subscribe, likewise.
    package var registerTo: [String]?
    /// The roles that lose what they were given.
    package var revokeFrom: [String]
    /// What those may register who are named here: what begins with one of the prefixes, or with none of them anything.
    package var registerPrefixes: [RegisterPrefixes]
    /// Whether a copied database is to become an original of its own.
    package var adopts: Bool

    /// Takes it as it is.
    package init(
        schema: String, role: String?, isRoleGiven: Bool = true, replacesRole: Bool = false, verifier: String? = nil,
        grantTo: [String]? = nil, registerTo: [String]? = nil, revokeFrom: [String] = [],
        registerPrefixes: [RegisterPrefixes] = [], adopts: Bool = false
    ) {
        self.schema = schema
        self.role = role
        self.isRoleGiven = isRoleGiven
        self.replacesRole = replacesRole
        self.verifier = verifier
        self.grantTo = grantTo
        self.registerTo = registerTo
        self.revokeFrom = revokeFrom
        self.registerPrefixes = registerPrefixes
        self.adopts = adopts
    }

    /// Whether a sidecar installs for itself, as the owner, without an administrator.
    var isSelf: Bool { self.role == nil }
}

/// Why nothing is installed: words that a user can act on.
package struct InstallationRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what to do.
    package let description: String
    /// Whether it is because the database is a copy of the one that the interface was installed in.
    let isCopy: Bool

    init(_ description: String, isCopy: Bool = false) {
        self.description = description
        self.isCopy = isCopy
    }
}
