/// The meaning of an error for the session that it happened in.
extension DatabaseError {
    /// Whether the session is useless for later work: it is read-only, or has lost a statement.
    var condemnsSession: Bool {
        self.sqlstate == "25006" || self.sqlstate == "26000"
    }

    /// Whether a role, a search path or a deadline that was left behind in the session can be the reason: an error that
    /// comes before a function runs does not show whether the session was clean.
    var canComeFromSettings: Bool {
        self.sqlstate == "57014"
            || (self.context == nil && (self.sqlstate.hasPrefix("42") || self.sqlstate.hasPrefix("3F")))
    }
}
