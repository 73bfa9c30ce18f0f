/// The session that leads, as another one sees it.
package struct LeaderHolder: Sendable, Equatable, CustomStringConvertible {
    let pid: Int32
    let address: String?
    let application: String?
    let since: String?
    /// The age of its stamp, in seconds; nil if it has not stamped, or the SQL interface is not installed.
    let age: Double?

    /// Takes pid, address, application, since and age, in the order of ``LeadershipStatements``; nil if there is no
    /// holder.
    init?(_ row: some Collection<String?>) {
        let row = Array(row)
        guard row.count == 5, let pid = row[0].flatMap({ Int32($0) }) else { return nil }
        self.pid = pid
        self.address = row[1]
        self.application = row[2]
        self.since = row[3]
        self.age = row[4].flatMap { Double($0) }
    }

    package var description: String {
        "backend \(self.pid) of \(self.application ?? "a session") at \(self.address ?? "an unknown address")"
            + (self.since.map { ", since \($0)" } ?? "")
    }
}
