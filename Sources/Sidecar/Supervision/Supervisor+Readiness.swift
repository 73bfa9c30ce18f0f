import NIOCore
import Outbox
import SidecarConfiguration

/// Whether all works, and what does not.
extension Supervisor {
    /// How often what does not work is told while it changes.
    private static let faultsInterval = TimeAmount.seconds(1)

    /// What readiness depends on may have changed. It is worked out once for all that changes in one turn of the event loop, and while only
    /// what does not work changes, once in a while.
    func changed() {
        guard !self.isChangeNoted else { return }
        self.isChangeNoted = true
        self.eventLoop.assumeIsolated().execute {
            self.isChangeNoted = false
            self.tellReadiness()
        }
    }

    private var complaints: ComplaintSummary {
        let parts = [
            self.testament?.complaint, self.announcement.complaint, self.outboxComplaint,
            self.guests.complaint.map { Complaint(name: "guest role", reason: $0) },
        ]
        return self.callee.complaints + self.subscriptions.complaints + self.registrations.complaints
            + ComplaintSummary(self.heldOrigins)
            + ComplaintSummary(named: parts.compactMap(\.self) + self.interfaceComplaints)
    }

    /// Who does not lead has nothing to do with it.
    private var outboxComplaint: Complaint? {
        guard case .leader = self.leadership.role else { return nil }
        return self.outbox.failure.map { Complaint(name: "outbox", reason: "it can't be emptied: \($0)") }
    }

    /// Nothing is sent for a procedure or a channel, for so long.
    func hold(_ refused: SuspectOrigins.Refused) {
        let (origin, seconds) = (refused.origin, refused.time.nanoseconds / 1_000_000_000)
        let (name, verb) =
            switch origin.kind {
            case .procedure: ("procedure '\(origin.text)'", "called")
            case .channel: ("channel '\(origin.text)'", "relayed")
            }
        self.heldOrigins[origin] = Complaint(
            name: name, reason: "it ends the session with the router, and is not \(verb) for \(seconds) s")
        self.eventLoop.assumeIsolated().scheduleTask(in: refused.time) {
            self.heldOrigins[origin] = nil
            self.changed()
        }
        self.changed()
    }

    private func tellReadiness() {
        self.readiness.routes(
            areSettled: self.callee.isSettled && self.subscriptions.isSettled && self.registrations.isSettled,
            complaints: self.complaints)
        self.readiness.portIsAnswered(self.announcement.isSettled)
        let now = NIODeadline.now()
        if self.readiness.hasOtherFaults, now < self.nextFaults {
            return self.tellReadinessLater()
        }
        switch self.readiness.change() {
        case .ready:
            self.journal.record(
                .ready(
                    procedures: self.configuration.procedures.count,
                    subscriptions: self.configuration.subscriptions.count,
                    channels: self.configuration.notifications.count))
        case .readyWithFaults(let faults, let news):
            self.nextFaults = now + Self.faultsInterval
            self.journal.record(.readyWithFaults(faults, news: news))
        case .notReady(let needs): self.journal.record(.notReady(needs))
        case nil: break
        }
    }

    private func tellReadinessLater() {
        guard self.faultsTimer == nil else { return }
        self.faultsTimer = self.eventLoop.assumeIsolated().scheduleTask(deadline: self.nextFaults) {
            self.faultsTimer = nil
            self.tellReadiness()
        }
    }
}
