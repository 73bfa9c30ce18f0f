import Testing

@testable import Sidecar

@Suite("Turns")
struct TurnsTests {
    @Test("only so many are under way, in their order, and urgent ones go first")
    func order() {
        var turns = Turns<Int>(most: 2)
        #expect(turns.isIdle)
        for item in 1...4 { turns.add(item) }
        #expect([turns.next(), turns.next(), turns.next()] == [1, 2, nil])
        turns.add(9, isUrgent: true)
        turns.answered()
        #expect([turns.next(), turns.next()] == [9, nil])
        turns.removeAll()
        turns.answered()
        turns.answered()
        #expect(turns.isIdle)
        #expect(turns.next() == nil)
    }
}
