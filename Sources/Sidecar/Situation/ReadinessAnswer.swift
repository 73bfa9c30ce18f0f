import Names

/// Whether work can flow at the moment, for whoever asks.
enum ReadinessAnswer: Equatable {
    /// All of it; on a standby what must happen once is done by another sidecar.
    case ready(isStandby: Bool)
    /// Not all of it: what does not work.
    case readyWithFaults(ComplaintSummary, isStandby: Bool)
    /// None, or nobody knows: what stands in the way, a part of the sidecar each.
    case notReady([Complaint])
}
