/// What an error says of the session that it happened in.
extension DatabaseError {
    /// Whether the session is of no use for what comes after: it takes no writes, or has forgotten a statement.
    var condemnsSession: Bool {
        self.sqlstate == "25006" || self.sqlstate == "26000"
    }

    /// Whether a role, a search path or a deadline that was left behind in the session can be the reason: of what
    /// failed ahead of a function nothing tells whether the session was clean.
    var canComeFromSettings: Bool {
        self.sqlstate == "57014"
            || (self.context == nil && (self.sqlstate.hasPrefix("42") || self.sqlstate.hasPrefix("3F")))
    }
}
