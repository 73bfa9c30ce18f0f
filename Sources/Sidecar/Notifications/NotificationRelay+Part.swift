extension NotificationRelay: Part {
    func follow(_ situation: Situation, from former: Situation) {
        switch situation.sessionChange(since: former) {
        case .joined(let session): self.joined(session)
        case .left: self.left()
        case nil: break
        }
        if situation.acting != former.acting { self.act(situation.acting) }
        if situation.isRouterReading, !former.isRouterReading { self.writable() }
    }
}
