import NIOCore
import TestChecks
import Testing

@testable import Outbox

@Suite struct BacklogProgressTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// Reported at once, then every ten seconds, then when it is over.
    @Test func whenTheRelayBegins() {
        var progress = BacklogProgress()
        check(progress.scanned(leavesRows: true, rows: 100, read: 1100, at: self.start), .found)
        check(progress.scanned(leavesRows: true, rows: 100, read: 1200, at: self.start + .seconds(9)), nil)
        check(
            progress.scanned(leavesRows: true, rows: 100, read: 6000, at: self.start + .seconds(10)),
            .progress(OutboxProgress(sent: 5000, time: .seconds(10))))
        check(progress.scanned(leavesRows: true, rows: 100, read: 6100, at: self.start + .seconds(19)), nil)
        check(
            progress.scanned(leavesRows: true, rows: 100, read: 9000, at: self.start + .seconds(20)),
            .progress(OutboxProgress(sent: 8000, time: .seconds(20))))
        check(
            progress.scanned(leavesRows: false, rows: 7, read: 9007, at: self.start + .seconds(21)),
            .over(OutboxProgress(sent: 8007, time: .seconds(21))))
        check(progress.scanned(leavesRows: false, rows: 0, read: 9007, at: self.start + .seconds(40)), nil)
    }

    /// A large transaction is no news, but what takes long is.
    @Test func whileTheRelayWorks() {
        var progress = BacklogProgress()
        check(progress.scanned(leavesRows: false, rows: 0, read: 0, at: self.start), nil)
        check(progress.scanned(leavesRows: true, rows: 100, read: 100, at: self.start + .seconds(1)), nil)
        check(progress.scanned(leavesRows: false, rows: 50, read: 150, at: self.start + .seconds(2)), nil)
        check(progress.scanned(leavesRows: true, rows: 100, read: 250, at: self.start + .seconds(20)), nil)
        check(progress.scanned(leavesRows: true, rows: 100, read: 350, at: self.start + .seconds(29)), nil)
        check(
            progress.scanned(leavesRows: true, rows: 100, read: 1150, at: self.start + .seconds(30)),
            .progress(OutboxProgress(sent: 1000, time: .seconds(10))))
        check(
            progress.scanned(leavesRows: false, rows: 0, read: 1150, at: self.start + .seconds(31)),
            .over(OutboxProgress(sent: 1000, time: .seconds(11))))
    }

    @Test func rates() {
        #expect(OutboxProgress(sent: 5000, time: .seconds(10)).rate == 500)
        #expect(OutboxProgress(sent: 100, time: .zero).rate == 100_000)
        #expect(OutboxProgress(sent: 0, time: .seconds(10)).rate == 0)
    }
}
