import Cryptography
import Postgres

/// The advisory locks and channels of one SQL interface, told apart by its schema's name.
struct SchemaKeys {
    /// 'WAMP': held while the relay sleeps.
    private static let wake: Int32 = 0x5741_4D50
    /// 'WAML': held by the leader.
    private static let leader: Int32 = 0x5741_4D4C
    /// The longest name that a channel can have, in octets.
    private static let longestName = 63

    let wakeLock: (Int32, Int32)
    let leaderLock: (Int32, Int32)
    /// On which writers wake the relay.
    let channel: String
    /// On which changes of registrations and subscriptions are told.
    let mappingChannel: String

    /// - Parameter schema: its name as it is, unquoted.
    init(schema: String) throws(CryptographyError) {
        let digest = try SHA256.hash(Array(schema.utf8)).prefix(4)
        let hash = Int32(bitPattern: digest.reduce(0) { $0 << 8 | UInt32($1) })
        self.wakeLock = (Self.wake, hash)
        self.leaderLock = (Self.leader, hash)
        let isShort = schema.utf8.count + "_mapping".utf8.count <= Self.longestName
        let stem = isShort ? schema : "wamp_\(Hexadecimal.encode(Array(digest)))"
        self.channel = "\(stem)_outbox"
        self.mappingChannel = "\(stem)_mapping"
    }
}
