import Names

extension Testament: Part {
    func follow(_ situation: Situation, from former: Situation) {
        if case .joined(let session) = situation.sessionChange(since: former) { self.joined(session) }
    }

    var faultKind: FaultKind? { .testament }

    var complaints: ComplaintSummary { ComplaintSummary(named: self.complaint.map { [$0] } ?? []) }
}
