/// One scan of the outbox.
struct RelayScan: Equatable {
    /// What it is for.
    enum Kind: Equatable {
        /// What is behind the bound, except of held topics.
        case ordinary
        /// Everything, except of held topics: what was put in with an id of its own is found by it.
        case full
        /// The first events of held topics.
        case probes
        /// What topics that are held no longer have up to the bound.
        case backlog
    }

    let kind: Kind
    /// Only rows with higher ids; nil: from the first on.
    let behind: Int64?
    /// Only rows with ids up to this; nil: none but those of `ranges`.
    let upTo: Int64?
    /// Rows with ids up to `behind` that are looked for too, in order.
    let ranges: [ClosedRange<Int64>]
    let rows: Int
    /// The sequence to which `behind` belongs; nil: it does not depend on one.
    let sequence: Int64?

    /// Whether rows of held topics are left where they are.
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
