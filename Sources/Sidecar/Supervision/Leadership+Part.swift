import Outbox

extension Leadership: Part {
    func follow(_ situation: Situation, from former: Situation) {
        switch situation.sessionChange(since: former) {
        case .joined: self.joined()
        case .left: self.left()
        case nil: break
        }
        // All parts that need the SQL interface know it by now.
        if situation.hasLooked(since: former) { self.sessionIsKnown(isInstalled: situation.isInstalled) }
    }

    /// Another sidecar may lead from now on.
    func drain(completion: @escaping () -> Void) {
        self.stop()
        completion()
    }
}
