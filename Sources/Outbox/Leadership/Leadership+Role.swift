extension Leadership {
    /// What is known of who leads.
    package enum Role: Sendable, Equatable {
        /// Nothing yet, or no more.
        case unknown
        /// This sidecar does. Unless the lead is `continued`, another may have had it since this one did.
        case leader(continued: Bool)
        /// Another one does.
        case standby(LeaderHolder)
    }
}
