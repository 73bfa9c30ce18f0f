/// A session of a role other than the sidecar's, at the former lock of leaders.
package struct Stranger: Sendable, Hashable {
    package let pid: Int32
    package let role: String
    /// Otherwise it waits for it.
    package let isHolder: Bool

    /// Takes a row of ``LeadershipStatements/strangers``; nil if it has another form.
    init?(_ row: [String?]) {
        guard row.count == 4, let pid = row[0].flatMap({ Int32($0) }) else { return nil }
        self.pid = pid
        self.role = row[1] ?? "a role that no longer exists"
        self.isHolder = row[2] == "t"
    }
}
