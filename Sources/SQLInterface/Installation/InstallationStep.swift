/// One thing that installing does.
package struct InstallationStep: Sendable, Equatable {
    /// What it is, for people.
    package let deed: InstallationDeed
    /// The statements.
    package let sql: String
    /// The statements without secrets, as `--print` shows them.
    package let shown: String
    /// What to tell if it fails, and then to go on without it; nil: without it nothing is done at all.
    package let warning: String?
    /// Whether it only makes sure of what should be there: it is told only if it changed something.
    let isRepair: Bool

    init(
        _ deed: InstallationDeed, _ sql: String, shown: String? = nil, warning: String? = nil, isRepair: Bool = false
    ) {
        self.deed = deed
        self.sql = sql
        self.shown = shown ?? sql
        self.warning = warning
        self.isRepair = isRepair
    }

    /// What it is, for people; empty for what is only a part of the next one.
    package var title: String { self.deed.title }
}

/// What was done, or would be, in a few words.
package struct InstallationDeed: Sendable, Equatable, CustomStringConvertible {
    /// `granted`, `gone`.
    package let verb: String
    /// To what.
    package let title: String

    init(_ title: String, verb: String = Self.usual) {
        self.verb = verb
        self.title = title
    }

    private static let usual = "done"

    /// What is usual needs no verb.
    package var description: String { self.verb == Self.usual ? self.title : "\(self.verb): \(self.title)" }
}
