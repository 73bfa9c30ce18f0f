package import Cryptography

/// The advisory locks and notification channels at which the sessions of one SQL interface meet, distinguished by the
/// schema's name.
///
/// Two sidecars must compute the same keys, whatever their versions; the functions in the database contain them as
/// literals.
package struct SchemaKeys: Sendable, Equatable {
    /// Held exclusively by the relay while it sleeps.
    package let wakeLock: (Int32, Int32)
    /// Held by the session of the leader.
    package let leaderLock: (Int32, Int32)
    /// Held by the session that installs or upgrades.
    package let installLock: (Int32, Int32)
    /// Wakes the relay.
    package let channel: String
    /// Announces that a registration or subscription has come or gone, or that a dead letter is to be tried again.
    package let mappingChannel: String
    /// The name of the foreign server that leads to the sidecar's port.
    package let server: String
    /// The name of the role that `install` makes as the schema's owner.
    package let owner: String

    private let schema: String
    /// Replaces the schema's name if that is too long.
    private let short: String

    /// The longest name that PostgreSQL keeps whole, in octets.
    static let longestName = 63

    private enum Class {
        static let wake: Int32 = 0x5741_4D50  // WAMP
        static let leader: Int32 = 0x5741_4D4C  // WAML
        static let install: Int32 = 0x5741_4D49  // WAMI
    }

    /// Computes the keys.
    ///
    /// - Parameter schema: the schema's name, not quoted.
    package init(schema: String) throws(CryptographyError) {
        let hash = try SHA256.hash(Array(schema.utf8))
        let number = Int32(truncatingIfNeeded: hash.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        self.wakeLock = (Class.wake, number)
        self.leaderLock = (Class.leader, number)
        self.installLock = (Class.install, number)
        let short = "wamp_" + Hexadecimal.encode(Array(hash.prefix(16)))
        func name(_ suffix: String) -> String { Self.name(schema, short: short, suffix) }
        self.schema = schema
        self.short = short
        self.channel = name("_outbox")
        self.mappingChannel = name("_mapping")
        self.server = name("_sidecar")
        self.owner = name("_owner")
    }

    /// The name of another object that belongs to the schema.
    func name(_ suffix: String) -> String { Self.name(self.schema, short: self.short, suffix) }

    private static func name(_ schema: String, short: String, _ suffix: String) -> String {
        (schema.utf8.count + suffix.utf8.count <= self.longestName ? schema : short) + suffix
    }

    /// Compares all of it.
    package static func == (left: Self, right: Self) -> Bool {
        left.wakeLock == right.wakeLock && left.leaderLock == right.leaderLock
            && left.installLock == right.installLock && left.channel == right.channel
            && left.mappingChannel == right.mappingChannel && left.server == right.server && left.owner == right.owner
    }
}
