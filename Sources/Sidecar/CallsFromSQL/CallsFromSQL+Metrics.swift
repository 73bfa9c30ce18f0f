import CallPort
import Names

extension CallsFromSQL: Measured {
    func measure(into exposition: inout Exposition) {
        guard let port = self.port else { return }
        exposition.begin(.callerSessions)
        exposition.add(port.sessions)
        exposition.begin(.callerSessionsLimit)
        exposition.add(port.mostSessions)
        exposition.begin(.callerCallsReceived)
        exposition.add(port.counts.received)
        exposition.begin(.callerCalls)
        for kind in CallPortCounts.Kind.allCases { exposition.add(port.counts.ended(kind), kind.rawValue) }
        exposition.begin(.callerCallsInProgress)
        exposition.add(port.callsInProgress)
        exposition.begin(.callerCallDuration)
        exposition.add(port.counts.duration, at: .all)
    }
}
