extension Callee: Part {
    func follow(_ situation: Situation, from former: Situation) {
        switch situation.sessionChange(since: former) {
        case .joined(let session): self.joined(session)
        case .left: self.left()
        case nil: break
        }
        if situation.isDatabaseAvailable != former.isDatabaseAvailable {
            situation.isDatabaseAvailable ? self.databaseIsAvailable() : self.databaseIsUnavailable()
        }
        if situation.lookupSessions != former.lookupSessions { self.lookUpWhatIsNotKnown() }
        guard situation.acting != former.acting else { return }
        switch situation.acting {
        case .here: self.lead(is: .here)
        case .deposed, .elsewhere: self.lead(is: .elsewhere)
        case .suspended, .undecided: break
        }
    }
}
