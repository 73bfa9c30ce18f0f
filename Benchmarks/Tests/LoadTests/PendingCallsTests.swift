import Testing

@testable import load

struct PendingCallsTests {
    /// Call 7 is under way, sent at 70.
    private func withOneCall() -> PendingCalls {
        var pending = PendingCalls()
        _ = pending.insert(7, sentAt: 70)
        return pending
    }

    @Test func eachIsTakenOnce() {
        var pending = withOneCall()
        #expect(pending.count == 1)
        let taken = [pending.remove(7), pending.remove(7)]
        #expect(taken == [70, nil])
        #expect(pending.count == 0)
    }

    @Test(arguments: [7 + 65_536, 0, -7, .min, .max])
    func anotherIdInTheSameSlotIsNotTaken(request: Int) {
        var pending = withOneCall()
        let taken = pending.remove(request)
        #expect(taken == nil)
        #expect(pending.count == 1)
    }

    @Test func aSlotThatIsStillTakenIsNotOverwritten() {
        var pending = withOneCall()
        let isInserted = pending.insert(7 + 65_536, sentAt: 80)
        #expect(!isInserted)
        let taken = pending.remove(7)
        #expect(taken == 70)
    }
}
