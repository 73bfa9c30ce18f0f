extension Leadership {
    /// The known leader.
    package enum Role: Sendable, Equatable {
        /// Not known yet, or no longer.
        case unknown
        /// This sidecar leads. Unless the lead is `continued`, another may have had it since this one last did.
        case leader(continued: Bool)
        /// Another one leads.
        case standby(LeaderHolder)
    }
}
