/// Decides what the service manager is sent: what it should know and has not got yet.
struct ServiceManagerStateMachine: ~Copyable {
    private enum Phase {
        case starting
        case running
        case stopping

        /// What reports it, as sd_notify(3) has it.
        var assignment: String? {
            switch self {
            case .starting: nil
            case .running: "READY=1"
            case .stopping: "STOPPING=1"
            }
        }
    }

    private struct Report: Equatable {
        var phase: Phase
        var status: String
    }

    private enum Delivery {
        case works
        case fails(reason: String)
    }

    /// The sign of life.
    static let signOfLife = "WATCHDOG=1"

    private var wanted = Report(phase: .starting, status: "")
    private var known = Report(phase: .starting, status: "")
    private var delivery = Delivery.works

    /// What is to be sent; nil if the manager knows everything.
    var message: String? {
        var assignments: [String] = []
        if self.wanted.phase != self.known.phase, let assignment = self.wanted.phase.assignment {
            assignments.append(assignment)
        }
        if self.wanted.status != self.known.status { assignments.append("STATUS=\(self.wanted.status)") }
        return assignments.isEmpty ? nil : assignments.joined(separator: "\n")
    }

    /// The file has been read, and both sides are being connected to. A side that is down must not fail the service.
    mutating func started() {
        self.wanted = Report(phase: .running, status: "starting")
    }

    /// How things stand, for people. While the process stops nothing else is said.
    mutating func changed(status: String) {
        switch self.wanted.phase {
        case .starting, .running: self.wanted.status = String(status.prefix { !$0.isNewline })
        case .stopping: break
        }
    }

    /// The process must stop.
    mutating func stopping() {
        self.wanted = Report(phase: .stopping, status: "stopping")
    }

    /// The manager has got ``message``.
    mutating func delivered() {
        self.known = self.wanted
        self.delivery = .works
    }

    /// It has not. Returns whether that is worth a line: each reason is, once.
    mutating func failed(_ reason: String) -> Bool {
        if case .fails(reason) = self.delivery { return false }
        self.delivery = .fails(reason: reason)
        return true
    }
}
