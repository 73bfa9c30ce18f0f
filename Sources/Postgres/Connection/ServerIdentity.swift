/// The server of a connection, and how often it has been promoted or restored.
package struct ServerIdentity: Sendable, Equatable {
    /// The value of `pg_control_system()`; nil if that function is denied.
    let system: String?
    /// nil if not known.
    let timeline: UInt32?

    init(system: String?, timeline: UInt32?) {
        self.system = system
        self.timeline = timeline
    }

    /// Takes the system identifier, and the name of the WAL file that the server writes to: its first eight digits are
    /// the timeline.
    init(system: String?, walFile: String?) {
        self.init(system: system, timeline: walFile.flatMap { UInt32($0.prefix(8), radix: 16) })
    }
}
