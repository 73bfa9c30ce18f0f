extension Subscriptions: Part {
    func follow(_ situation: Situation, from former: Situation) {
        switch situation.sessionChange(since: former) {
        case .joined(let session): self.joined(session)
        case .left: self.left()
        case nil: break
        }
        if situation.hasLooked(since: former) { self.isInstalled = situation.isInstalled }
        let isBack = situation.isDatabaseAvailable && !former.isDatabaseAvailable
        if isBack || situation.lookupSessions != former.lookupSessions { self.lookUpWhatIsNotKnown() }
        if situation.acting != former.acting { self.act(situation.acting) }
        if situation.listenings != former.listenings { self.retryLetters() }
    }
}
