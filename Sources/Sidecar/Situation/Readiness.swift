import NIOCore
import Names
import Outbox
import Postgres

/// Reports whether work can flow. On the event loop. The driver of ``ReadinessStateMachine``.
///
/// Readiness is computed once for all changes in one turn of the event loop; while only faults change, once a second.
final class Readiness: Part {
    private static let faultsInterval = TimeAmount.seconds(1)

    private let situation: CurrentSituation
    private let eventLoop: any EventLoop
    /// Whether the file names channels to listen to.
    var hasChannels: Bool
    private let hasPort: Bool
    private let report: (ReadinessStateMachine.Report) -> Void
    private var machine = ReadinessStateMachine()
    /// These must be settled, and may complain.
    var parts: [any Part] = []
    /// Whether the database has answered the announcement of the call port, if there is one.
    var isPortAnswered: () -> Bool = { true }
    /// For how long work may wait without any of it being done; nil: forever.
    var patience: TimeAmount?
    /// Whether the event loop was late lately.
    var isLate: () -> Bool = { false }
    /// Takes a line that says how things stand, each time that is computed, until this one stops.
    var lineTaker: (String) -> Void = { _ in }
    /// It is computed at the end of this turn.
    private var isNoted = false
    private var nextFaults: NIODeadline
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - hasChannels: whether the file names channels to listen to.
    ///   - hasPort: whether the file opens the call port.
    init(
        situation: CurrentSituation, eventLoop: any EventLoop, hasChannels: Bool, hasPort: Bool,
        report: @escaping (ReadinessStateMachine.Report) -> Void
    ) {
        self.situation = situation
        self.eventLoop = eventLoop
        self.hasChannels = hasChannels
        self.hasPort = hasPort
        self.report = report
        self.nextFaults = eventLoop.now
    }

    /// A fact that readiness depends on may have changed.
    func changed() {
        guard !self.isNoted else { return }
        self.isNoted = true
        self.eventLoop.assumeIsolated().execute {
            self.isNoted = false
            self.workOut()
        }
    }

    func follow(_ situation: Situation, from former: Situation) {
        if let ending = situation.ending, ending != former.ending {
            self.machine.stop(ending.need)
            self.timer?.cancel()
        }
        self.changed()
    }

    /// What holds everything up now.
    var needs: [ReadinessStateMachine.Need] {
        switch self.machine.answer(self.facts) {
        case .ready, .readyWithFaults: []
        case .notReady(let needs): needs
        }
    }

    /// How many things of each kind do not work.
    var faultCounts: [(kind: FaultKind, count: Int)] {
        FaultKind.allCases.map { kind in
            (kind, self.parts.reduce(0) { $0 + ($1.faultKind == kind ? $1.complaints.count : 0) })
        }
    }

    /// Whether work can flow now.
    var answer: ReadinessAnswer {
        let isStandby = if case .standby = self.situation.now.leadership { true } else { false }
        switch self.machine.answer(self.facts) {
        case .ready: return .ready(isStandby: isStandby)
        case .readyWithFaults(let faults): return .readyWithFaults(faults, isStandby: isStandby)
        case .notReady(let needs):
            return .notReady(needs.map { Complaint(name: $0.part, reason: self.text($0)) })
        }
    }

    private func text(_ need: ReadinessStateMachine.Need) -> String {
        let obstacle: Obstacle? =
            switch need {
            case .router: self.situation.now.routerObstacle
            case .database: self.situation.now.databaseObstacles[.calls]
            case .listener:
                self.situation.now.databaseObstacles[.listener] ?? self.situation.now.databaseObstacles[.calls]
            case .port, .leadership, .registrations, .movement, .eventLoop, .stopping, .renewal: nil
            }
        return need.text + (obstacle.map { ": \($0.text(at: self.eventLoop.now))" } ?? "")
    }

    /// Whether a part's work has waited for too long.
    private var isStuck: Bool {
        guard let patience = self.patience else { return false }
        return self.parts.contains { $0.waitingSince.map { self.eventLoop.now - $0 >= patience } ?? false }
    }

    private var facts: ReadinessStateMachine.Facts {
        let situation = self.situation.now
        return ReadinessStateMachine.Facts(
            isJoined: situation.session != nil, isDatabaseAvailable: situation.isDatabaseAvailable,
            isListening: situation.isListening || (!self.hasChannels && situation.listenings == 0),
            port: self.port(situation),
            isLeadershipKnown: situation.leadership != .unknown,
            isSettled: self.parts.allSatisfy(\.isSettled),
            complaints: self.parts.reduce(ComplaintSummary()) { $0 + $1.complaints }, isStuck: self.isStuck,
            isLate: self.isLate())
    }

    private var isStandby: Bool {
        switch self.situation.now.leadership {
        case .standby: true
        case .unknown, .leader: false
        }
    }

    private func port(_ situation: Situation) -> ReadinessStateMachine.Port {
        guard self.hasPort else { return .notWanted }
        switch situation.isPortListening {
        case nil: return .notTried
        case false: return .triedInVain
        case true: return .listens(isAnswered: self.isPortAnswered())
        }
    }

    private func workOut() {
        let facts = self.facts
        // A supervisor that makes room for another one stops, and the process does not.
        if !self.machine.isStopped { self.lineTaker(self.machine.line(facts, isStandby: self.isStandby)) }
        if self.machine.hasOtherFaults(facts) {
            guard self.eventLoop.now >= self.nextFaults else { return self.workOutLater() }
        }
        guard let report = self.machine.report(facts) else { return }
        if case .readyWithFaults = report { self.nextFaults = self.eventLoop.now + Self.faultsInterval }
        self.report(report)
    }

    private func workOutLater() {
        guard self.timer == nil else { return }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(deadline: self.nextFaults) {
            self.timer = nil
            self.workOut()
        }
    }
}

extension Situation.Ending {
    /// What holds everything up then.
    fileprivate var need: ReadinessStateMachine.Need {
        switch self {
        case .process: .stopping
        case .renewal: .renewal
        }
    }
}
