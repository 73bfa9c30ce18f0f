import NIOCore
import Postgres

/// Takes the rows of one scan.
final class OutboxScan: WorkHandler {
    private let epoch: Int
    private let began: NIODeadline
    private unowned let relay: OutboxRelay
    private var rows = 0
    private var last: Int64?
    private var topic = RecentTopic()

    /// - Parameter began: when it was sent.
    init(epoch: Int, began: NIODeadline, relay: OutboxRelay) {
        self.epoch = epoch
        self.began = began
        self.relay = relay
    }

    func received(_ row: borrowing ResultRow, of work: Work) {
        guard let row = OutboxRow(row, eventID: self.relay.eventID, after: &self.topic) else {
            return self.relay.sequenceWentBack(of: self.epoch)
        }
        self.rows += 1
        self.last = row.id
        self.relay.take(row, readAt: self.began, of: self.epoch)
    }

    func restarted(_ work: Work) {}

    func ended(_ work: Work, outcome: WorkOutcome) {
        self.relay.scanned(ScanOutcome(outcome, rows: self.rows, last: self.last), of: self.epoch)
    }
}
