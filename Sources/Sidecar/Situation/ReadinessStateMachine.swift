import Names

/// Decides which reports about readiness are made: each once, when it differs from the last one.
struct ReadinessStateMachine: ~Copyable {
    /// The obstacles.
    enum Need: String, CaseIterable {
        case router = "no session with the router"
        case database = "no connection to the database"
        case listener = "not listening for notifications"
        case port = "not listening for calls from SQL"
        case leadership = "the leading sidecar is not known"
        case registrations = "procedures are being registered, or topics subscribed to"
        case movement = "events wait in the outbox, and none of them leaves it"
        case eventLoop = "the event loop was late by more than a second"
        case stopping = "the process stops"
        case renewal = "new sessions with both sides are being made: the file has changed"

        /// The part of the sidecar that it is about.
        var part: String {
            switch self {
            case .router: "router"
            case .database: "database"
            case .listener: "notifications"
            case .port: "call port"
            case .leadership: "leadership"
            case .registrations: "registrations"
            case .movement: "outbox"
            case .eventLoop: "event loop"
            case .stopping, .renewal: "sidecar"
            }
        }

        /// The same without the part's name.
        var text: String {
            switch self {
            case .router: "no session"
            case .database: "no connection"
            case .listener: "not listening"
            case .port: "not listening"
            case .leadership, .registrations, .movement, .stopping, .renewal: self.rawValue
            case .eventLoop: "late by more than a second"
            }
        }
    }

    /// The call port, as far as readiness depends on it.
    enum Port: Equatable {
        /// The file opens none.
        case notWanted
        case notTried
        case triedInVain
        /// It listens; whether the database has answered the announcement, if there is one.
        case listens(isAnswered: Bool)
    }

    /// The facts that readiness depends on.
    struct Facts: Equatable {
        var isJoined: Bool
        var isDatabaseAvailable: Bool
        /// Whether the sidecar listens to its channels, or has none.
        var isListening: Bool
        var port: Port
        /// Whether this sidecar leads, or knows which one does. Without a database it can't ask.
        var isLeadershipKnown: Bool
        /// Whether each procedure has been registered or refused, each topic subscribed to, and each function looked
        /// up.
        var isSettled: Bool
        var complaints: ComplaintSummary
        /// Whether work has waited for too long, and none of it was done.
        var isStuck = false
        /// Whether the event loop was late lately.
        var isLate = false
    }

    /// The report.
    enum Report: Equatable {
        case ready
        /// Work flows, except for these faults, and those of them that the last report did not name.
        case readyWithFaults(ComplaintSummary, news: [Complaint])
        case notReady([String])

        /// Whether work flows, perhaps with faults.
        var isReady: Bool {
            switch self {
            case .ready, .readyWithFaults: true
            case .notReady: false
            }
        }
    }

    /// How things stand.
    enum Answer: Equatable {
        case ready
        case readyWithFaults(ComplaintSummary)
        case notReady([Need])
    }

    private enum State {
        /// Nothing has been reported.
        case starting
        case reported(Answer)
        case stopped(Need)
    }

    /// The most faults that are named.
    static let mostNamed = 20

    private var state = State.starting

    /// The process stops, or makes room for new sessions: from now on there is no report.
    mutating func stop(_ need: Need) { self.state = .stopped(need) }

    /// Whether the report would be that work flows with other faults than those of the last one.
    func hasOtherFaults(_ facts: Facts) -> Bool {
        guard case .reported(.readyWithFaults(let last)) = self.state,
            case .readyWithFaults(let faults) = self.answer(facts)
        else { return false }
        return faults != last
    }

    /// The report, if it differs from the last one.
    mutating func report(_ facts: Facts) -> Report? {
        let answer = self.answer(facts)
        switch self.state {
        case .stopped:
            return nil
        case .starting:
            // Before the first `ready` the missing things are still being done; except for a port that could not be
            // opened.
            if case .notReady(let needs) = answer, needs != [.port] || facts.port != .triedInVain { return nil }
            return self.report(answer, alreadyNamed: [])
        case .reported(let last):
            guard answer != last else { return nil }
            guard case .readyWithFaults(let faults) = last else { return self.report(answer, alreadyNamed: []) }
            return self.report(answer, alreadyNamed: faults.named)
        }
    }

    /// How things stand, in one line.
    ///
    /// - Parameter isStandby: whether another sidecar leads.
    func line(_ facts: Facts, isStandby: Bool) -> String {
        switch self.answer(facts) {
        case .ready: isStandby ? "standby" : "ready"
        case .readyWithFaults: "ready with faults"
        case .notReady(let needs): needs.first?.rawValue ?? "not ready"
        }
    }

    private mutating func report(_ answer: Answer, alreadyNamed: [Complaint]) -> Report {
        self.state = .reported(answer)
        switch answer {
        case .ready: return .ready
        case .notReady(let needs): return .notReady(needs.map(\.rawValue))
        case .readyWithFaults(let faults):
            return .readyWithFaults(faults, news: faults.named.filter { !alreadyNamed.contains($0) })
        }
    }

    /// How things stand with these facts, reported or not.
    func answer(_ facts: Facts) -> Answer {
        var needs: [Need] = []
        if case .stopped(let need) = self.state { needs.append(need) }
        if !facts.isJoined { needs.append(.router) }
        if !facts.isDatabaseAvailable { needs.append(.database) }
        if !facts.isListening { needs.append(.listener) }
        if self.isMissing(facts.port) { needs.append(.port) }
        if facts.isJoined, facts.isDatabaseAvailable, !facts.isLeadershipKnown { needs.append(.leadership) }
        if facts.isJoined, !facts.isSettled { needs.append(.registrations) }
        if facts.isStuck { needs.append(.movement) }
        if facts.isLate { needs.append(.eventLoop) }
        guard needs.isEmpty else { return .notReady(needs) }
        let faults = facts.complaints.naming(atMost: Self.mostNamed)
        return faults.count == 0 ? .ready : .readyWithFaults(faults)
    }

    /// Whether ``stop(_:)`` was called.
    var isStopped: Bool {
        switch self.state {
        case .stopped: true
        case .starting, .reported: false
        }
    }

    /// The database's answer is awaited before work flows, and not once it does.
    private func isMissing(_ port: Port) -> Bool {
        switch port {
        case .notWanted: return false
        case .notTried, .triedInVain: return true
        case .listens(let isAnswered):
            switch self.state {
            case .starting, .reported(.notReady): return !isAnswered
            case .reported(.ready), .reported(.readyWithFaults), .stopped: return false
            }
        }
    }
}
