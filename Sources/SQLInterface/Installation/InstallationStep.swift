/// One step of an installation.
package struct InstallationStep: Sendable, Equatable {
    /// The step, for people.
    package let deed: InstallationDeed
    /// The statements.
    package let sql: String
    /// The statements without secrets, for `--print`.
    package let shown: String
    /// The warning if it fails, after which the installation continues without it; nil: then nothing is installed at
    /// all.
    package let warning: String?
    /// Whether it only repairs: it is reported only if it changed something.
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

    /// The step, for people; empty if it is only a part of the next one.
    package var title: String { self.deed.title }
}

/// A step that was done, or would be, in a few words.
package struct InstallationDeed: Sendable, Equatable, CustomStringConvertible {
    /// The verb: `granted`, `gone`.
    package let verb: String
    /// The object of the verb.
    package let title: String

    init(_ title: String, verb: String = Self.usual) {
        self.verb = verb
        self.title = title
    }

    private static let usual = "done"

    /// The usual verb is omitted.
    package var description: String { self.verb == Self.usual ? self.title : "\(self.verb): \(self.title)" }
}
