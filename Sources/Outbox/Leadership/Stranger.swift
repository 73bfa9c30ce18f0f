/// A session of a role that is not the sidecar's, at the lock that used to be the leader's.
package struct Stranger: Sendable, Hashable {
    package let pid: Int32
    package let role: String
    /// Else it waits for it.
    package let isHolder: Bool

    /// Takes a row of ``LeadershipStatements/strangers``; nil if it is none.
    init?(_ row: [String?]) {
        guard row.count == 3, let pid = row[0].flatMap({ Int32($0) }) else { return nil }
        self.pid = pid
        self.role = row[1] ?? "a role that is not there any more"
        self.isHolder = row[2] == "t"
    }
}
