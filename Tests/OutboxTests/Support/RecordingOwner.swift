import NIOCore
import Outbox
import Postgres

/// Lists what the leadership reports.
final class RecordingOwner: LeadershipOwner {
    private let story: Story
    private(set) weak var session: (any LeaderSession)?
    /// Until when the lease is proven.
    private(set) var proven: NIODeadline?

    init(_ story: Story) {
        self.story = story
    }

    func leaderSessionOpened(backend: Int32, serverVersion: Int32) { self.story.add("owner: opened \(backend)") }
    func leaderSessionFailed(_ failure: ConnectFailure) { self.story.add("owner: failed: \(failure)") }
    func leaderSessionLost(_ reason: String?) { self.story.add("owner: lost: \(reason ?? "replaced")") }

    func startedLeading(_ session: any LeaderSession) {
        self.session = session
        self.story.add("owner: leads")
    }

    func stoppedLeading() { self.story.add("owner: leads no more") }
    func leadershipGivenUp() { self.story.add("owner: given up") }
    func leaderNotified(channel: String) { self.story.add("owner: notified on \(channel)") }

    func leaseProven(until end: NIODeadline) { self.proven = end }

    func roleChanged(_ role: Leadership.Role) {
        switch role {
        case .unknown: self.story.add("owner: unknown")
        case .leader(let isContinued): self.story.add(isContinued ? "owner: leader still" : "owner: leader")
        case .standby(let holder): self.story.add("owner: standby of \(holder)")
        }
    }
}
