extension SQLMappings: Part {
    func follow(_ situation: Situation, from former: Situation) {
        if situation.hasBegunToStop(since: former) { self.stopReading() }
        guard !situation.isStopping else { return }
        if situation.hasLooked(since: former) { self.interface(isInstalled: situation.isInstalled) }
        if situation.listenings != former.listenings { self.read() }
    }
}
