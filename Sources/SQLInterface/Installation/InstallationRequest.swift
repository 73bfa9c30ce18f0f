/// A request to install.
package struct InstallationRequest: Sendable, Equatable {
    /// The schema's name, not quoted.
    package var schema: String
    /// The role that the sidecar connects as; nil: the installing role, which owns the schema already.
    package var role: String?
    /// Whether the user named the role; otherwise the interface's own role remains, if there is one.
    package var isRoleGiven: Bool
    /// Whether another role than the interface's may become the sidecar's.
    package var replacesRole: Bool
    /// The new password of a role without one: a SCRAM verifier, never the password itself.
    package var verifier: String?
    /// The roles that get the right to publish and call; for a sidecar that installs for itself, the complete list of
    /// them. nil changes nothing.
    package var grantTo: [String]?
    /// The roles that get the right to register and subscribe, likewise.
    package var registerTo: [String]?
    /// The roles that lose their rights.
    package var revokeFrom: [String]
    /// For each named role the prefixes that its registrations must have; without a prefix any are allowed.
    package var registerPrefixes: [RegisterPrefixes]
    /// Whether a copied database becomes an original.
    package var adopts: Bool

    /// Takes the values.
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

/// Why nothing is installed, in words that a user can act on.
package struct InstallationRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The fault and the remedy.
    package let description: String
    /// Whether the reason is that the database is a copy of the one that the interface was installed in.
    let isCopy: Bool

    init(_ description: String, isCopy: Bool = false) {
        self.description = description
        self.isCopy = isCopy
    }
}
