import NIOCore
import Testing

@testable import Postgres

@Suite("Whether a short wait pays")
struct ShortWaitTests {
    @Test("most of the last answers must have been quick")
    func quick() {
        var wait = ShortWait()
        for _ in 1..<ShortWait.least {
            wait.record(.microseconds(20))
            #expect(!wait.isWorthwhile)
        }
        wait.record(.microseconds(99))
        #expect(wait.isWorthwhile)
    }

    @Test("a few slow answers don't matter, many do")
    func slow() {
        var wait = ShortWait()
        for _ in 0..<64 { wait.record(.zero) }
        for _ in 0..<(64 - ShortWait.least) {
            wait.record(ShortWait.patience)
            #expect(wait.isWorthwhile)
        }
        wait.record(.seconds(1))
        #expect(!wait.isWorthwhile)
    }
}
