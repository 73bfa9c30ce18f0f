/// One scan of the outbox.
struct RelayScan: Equatable {
    /// Its purpose.
    enum Kind: Equatable {
        /// The rows after the bound, except those of held topics.
        case ordinary
        /// Everything, except held topics: it finds rows that were inserted with explicit ids.
        case full
        /// The first events of held topics.
        case probes
        /// The rows up to the bound of topics that are not held any more.
        case backlog
    }

    let kind: Kind
    /// Only rows with higher ids; nil: from the first on.
    let behind: Int64?
    /// Only rows with ids up to this; nil: only those of `ranges`.
    let upTo: Int64?
    /// Further rows, with ids up to `behind`, in order.
    let ranges: [ClosedRange<Int64>]
    let rows: Int
    /// The sequence to which `behind` belongs; nil: it does not depend on one.
    let sequence: Int64?

    /// Whether rows of held topics are left in place.
    var leavesOutHeld: Bool {
        switch self.kind {
        case .ordinary, .full: true
        case .probes, .backlog: false
        }
    }

    /// Whether only rows of ``HeldTopics/backlogTopics`` are read.
    var isOfBacklog: Bool {
        switch self.kind {
        case .backlog: true
        case .ordinary, .full, .probes: false
        }
    }
}
