/// Which server a connection is to, and how often its like has been promoted or restored.
package struct ServerIdentity: Sendable, Equatable {
    /// As `pg_control_system()` has it; nil where that is refused.
    let system: String?
    /// nil where it is not known.
    let timeline: UInt32?

    init(system: String?, timeline: UInt32?) {
        self.system = system
        self.timeline = timeline
    }

    /// Takes the system identifier, and the name of the file that the server writes to: its first eight digits are the
    /// timeline.
    init(system: String?, walFile: String?) {
        self.init(system: system, timeline: walFile.flatMap { UInt32($0.prefix(8), radix: 16) })
    }
}
