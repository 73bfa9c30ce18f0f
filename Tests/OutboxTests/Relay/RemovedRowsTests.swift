import Testing

@testable import Outbox

@Suite("Rows that are deleted from the outbox")
struct RemovedRowsTests {
    @Test("Ids without a gap are a run, whatever the order of their acknowledgements")
    func runs() {
        let rows = RemovedRows(Array(1...20).shuffled())
        #expect(rows.runs == [1...20])
        #expect(rows.singles.isEmpty)
    }

    @Test("Gaps end runs, and short runs are single ids")
    func gaps() {
        let rows = RemovedRows(Array(-3...4) + [6] + Array(100...106) + Array(200...207))
        #expect(rows.runs == [-3...4, 200...207])
        #expect(rows.singles == [6] + Array(100...106))
    }

    @Test("The greatest ids there are")
    func ends() {
        let rows = RemovedRows(Array(Int64.max - 9...Int64.max) + [.min])
        #expect(rows.runs == [Int64.max - 9...Int64.max])
        #expect(rows.singles == [.min])
    }

    @Test("Nothing")
    func nothing() {
        #expect(RemovedRows([]).runs.isEmpty)
        #expect(RemovedRows([]).singles.isEmpty)
    }
}
