import Names

/// Whether work can flow, and what stands in its way.
///
/// Told of every change on either side; speaks only when the answer has changed.
struct ReadinessStateMachine: ~Copyable {
    /// What holds everything up.
    enum Need: String, CaseIterable {
        case router = "no session with the router"
        case database = "no connection to the database"
        case listener = "not listening for notifications"
        case port = "not listening for calls from SQL"
        case leadership = "it is not known which sidecar leads"
        case registrations = "procedures are being registered, or topics subscribed to"
    }

    enum Answer: Equatable {
        case ready
        /// Work flows, but not all of it.
        case readyWithFaults(ComplaintSummary)
        case notReady([String])
    }

    /// What is to be told.
    enum Change: Equatable {
        case ready
        /// Work flows, but not all of it: what does not, of which those are news that were not told with the last change.
        case readyWithFaults(ComplaintSummary, news: [Complaint])
        case notReady([String])
    }

    /// So many faults are named.
    static let mostNamed = 20

    private var isJoined = false
    private var isDatabaseAvailable = false
    private var isListening: Bool
    private var isPortOpen: Bool
    private var isPortInVain = false
    private var isPortAnswered = true
    private var isLeadershipKnown = false
    private var isSettled = false
    private var complaints = ComplaintSummary()
    private var last: Answer?
    private var isStopping = false

    /// - Parameters:
    ///   - listens: whether there are channels to listen to.
    ///   - hasPort: whether the file opens a port for calls from SQL.
    init(listens: Bool, hasPort: Bool = false) {
        self.isListening = !listens
        self.isPortOpen = !hasPort
    }

    /// From now on nothing is worth telling.
    mutating func stopping() { self.isStopping = true }

    mutating func joined(_ isJoined: Bool) { self.isJoined = isJoined }

    mutating func databaseIsAvailable(_ isAvailable: Bool) { self.isDatabaseAvailable = isAvailable }

    mutating func listening(_ isListening: Bool) { self.isListening = isListening }

    /// Whether the port for calls from SQL can be reached.
    mutating func portListens(_ isListening: Bool) {
        self.isPortOpen = isListening
        self.isPortInVain = !isListening
    }

    /// Whether the database has answered when it was told the way to the port, if it was told. That is waited for before work flows, and no more then.
    mutating func portIsAnswered(_ isAnswered: Bool) { self.isPortAnswered = isAnswered }

    private var isPortMissing: Bool {
        guard self.isPortOpen else { return true }
        switch self.last {
        case nil, .notReady: return !self.isPortAnswered
        case .ready, .readyWithFaults: return false
        }
    }

    /// Whether this sidecar leads, or knows who does. Without a database there is no asking.
    mutating func leadership(isKnown: Bool) { self.isLeadershipKnown = isKnown }

    /// Whether each procedure has been registered or refused, each topic subscribed to, and each function looked up; and what is wrong with
    /// some.
    mutating func routes(areSettled: Bool, complaints: ComplaintSummary) {
        self.isSettled = areSettled
        self.complaints = complaints.naming(atMost: Self.mostNamed)
    }

    /// Whether the answer would be that work flows with other faults than told last.
    var hasOtherFaults: Bool {
        guard case .readyWithFaults? = self.last, case .readyWithFaults = self.answer else { return false }
        return self.answer != self.last
    }

    /// The answer, if it is another one than last time.
    mutating func change() -> Change? {
        let answer = self.answer
        let last = self.last
        guard answer != self.last, !self.isStopping else { return nil }
        // Before anything has been ready, what is missing is what is being done; but for a port that was tried in vain.
        if self.last == nil, case .notReady(let needs) = answer {
            guard self.isPortInVain, needs == [Need.port.rawValue] else { return nil }
        }
        self.last = answer
        switch answer {
        case .ready: return .ready
        case .notReady(let needs): return .notReady(needs)
        case .readyWithFaults(let faults):
            guard case .readyWithFaults(let told)? = last else {
                return .readyWithFaults(faults, news: faults.named)
            }
            return .readyWithFaults(faults, news: faults.named.filter { !told.named.contains($0) })
        }
    }

    private var answer: Answer {
        var needs: [Need] = []
        if !self.isJoined { needs.append(.router) }
        if !self.isDatabaseAvailable { needs.append(.database) }
        if !self.isListening { needs.append(.listener) }
        if self.isPortMissing { needs.append(.port) }
        if self.isJoined, self.isDatabaseAvailable, !self.isLeadershipKnown { needs.append(.leadership) }
        if self.isJoined, !self.isSettled { needs.append(.registrations) }
        guard needs.isEmpty else { return .notReady(needs.map(\.rawValue)) }
        return self.complaints.count == 0 ? .ready : .readyWithFaults(self.complaints)
    }
}
