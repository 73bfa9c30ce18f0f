import NIOCore
import Names
import Outbox
import TestChecks
import Testing

@testable import Sidecar

@Suite("Dead letters of the last minutes")
struct RecentDeadLettersTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func counts(_ publications: Int, _ events: Int) -> DeadLetterCounts {
        DeadLetterCounts(publications: publications, events: events)
    }

    @Test("each counts for five minutes, the last as long as the first")
    func memory() {
        var letters = RecentDeadLetters()
        letters.noted(self.counts(0, 0), at: self.start)
        check(letters.complaints.count, 0)
        letters.noted(self.counts(1, 0), at: self.start)
        letters.noted(self.counts(1, 2), at: self.start + .minutes(2))
        letters.noted(self.counts(1, 2), at: self.start + .minutes(5) - .nanoseconds(1))
        check(letters.counts, self.counts(1, 2))
        letters.noted(self.counts(1, 2), at: self.start + .minutes(5))
        check(letters.counts, self.counts(0, 2))
        letters.noted(self.counts(1, 2), at: self.start + .minutes(7) - .nanoseconds(1))
        check(letters.complaints.count, 1)
        letters.noted(self.counts(1, 2), at: self.start + .minutes(7))
        check(letters.counts, self.counts(0, 0))
        check(letters.complaints, ComplaintSummary())
    }

    @Test("those that come together go together, and not before the last of them is old")
    func lots() {
        var letters = RecentDeadLetters()
        for second in 0..<100 { letters.noted(self.counts(second + 1, 0), at: self.start + .seconds(Int64(second))) }
        check(letters.counts, self.counts(100, 0))
        letters.noted(self.counts(100, 0), at: self.start + .seconds(300))
        check(letters.counts, self.counts(100, 0))
        letters.noted(self.counts(100, 0), at: self.start + .seconds(309))
        check(letters.counts, self.counts(90, 0))
        letters.noted(self.counts(100, 0), at: self.start + .seconds(399))
        check(letters.counts, self.counts(0, 0))
    }

    @Test("other numbers are no other complaint, and are shown")
    func complaint() throws {
        var letters = RecentDeadLetters()
        letters.noted(self.counts(3, 1), at: self.start)
        let first = letters.complaints
        letters.noted(self.counts(4, 1), at: self.start)
        check(letters.complaints, first)
        let complaint = try #require(letters.complaints.named.first)
        check(
            "\(complaint.name): \(complaint.text)",
            "dead letters: some were added in the last 5 minutes; wamp-sidecar dead-letter list shows them: "
                + "4 of publications, 1 of events")
        check(ReadyPage.text(.readyWithFaults(first, isStandby: false)).contains("3 of publications"), true)
    }

    @Test("what is counted is what was written")
    func metrics() {
        let metrics = Metrics(version: "1")
        metrics.record(.outbox(.deadLetter(topic: "a", event: 1, reason: "no")))
        let slot = metrics.subscriptions.slot("a")
        slot.eventDied(isNew: true)
        slot.eventDied(isNew: false)
        check(metrics.recentDeadLetters.counts, self.counts(0, 0))
        metrics.noteDeadLetters(at: self.start)
        check(metrics.recentDeadLetters.counts, self.counts(1, 1))
        metrics.noteDeadLetters(at: self.start + .minutes(5))
        check(metrics.recentDeadLetters.counts, self.counts(0, 0))
    }
}
