/// Which server a connection is to, and how often its like has been promoted or restored.
///
/// After a failover the former primary may come back, and take writes: its timeline is the lower one. A server with another system identifier
/// is another database altogether.
package struct ServerIdentity: Sendable, Equatable {
    /// As `pg_control_system()` has it; nil where that is refused.
    let system: String?
    /// nil where it is not known.
    let timeline: UInt32?

    /// Takes the system identifier, and the name of the file that the server writes to: its first eight digits are the timeline.
    init(system: String?, walFile: String?) {
        self.system = system
        self.timeline = walFile.flatMap { UInt32($0.prefix(8), radix: 16) }
    }

    /// Why connections must not be made to this server any more when they were to another; nil if they may.
    func fault(after known: ServerIdentity?) -> String? {
        guard let known else { return nil }
        if let system, let other = known.system, system != other {
            return """
                this is another server: its system identifier is \(system), that of the one before was \(other); \
                restart the sidecar if that is as it should be
                """
        }
        if let timeline, let other = known.timeline, timeline < other {
            return """
                this is a former primary: it is on timeline \(timeline), and the sidecar has been on \(other) already; take it out of \
                service, or restart the sidecar if it is the right one
                """
        }
        return nil
    }

    /// Whether this is what is known from now on: it says more, or is on a higher timeline.
    func replaces(_ known: ServerIdentity?) -> Bool {
        guard let known else { return true }
        return (self.timeline ?? 0) > (known.timeline ?? 0) || (known.system == nil && self.system != nil)
    }
}
