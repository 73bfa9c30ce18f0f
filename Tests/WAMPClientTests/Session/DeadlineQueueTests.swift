import NIOCore
import Testing

@testable import WAMPClient

@Suite struct DeadlineQueueTests {
    private func at(_ seconds: Int) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(Int64(seconds)) }

    @Test func earliestFirst() {
        var queue = DeadlineQueue<Int>()
        var seed: UInt64 = 42
        var times: [Int] = []
        for id in 0..<500 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let time = Int(seed >> 40) % 1000 + 1
            times.append(time)
            queue.insert(self.at(time), id, waiting: 500, isWaiting: { _ in true })
        }
        #expect(queue.earliest == times.min().map(self.at))
        #expect(queue.popDue(at: self.at(0)) == nil)
        var popped: [Int] = []
        while let id = queue.popDue(at: self.at(1001)) {
            popped.append(times[id])
        }
        #expect(popped == times.sorted())
        #expect(queue.earliest == nil)
    }

    @Test func answeredRequestsDoNotPileUp() {
        var queue = DeadlineQueue<Int>()
        for id in 0..<10_000 {
            queue.insert(self.at(30 + id), id, waiting: 3, isWaiting: { $0 >= id - 3 })
        }
        #expect(queue.count < 100)
        #expect(queue.popDue(at: self.at(20_000)) != nil)
    }
}
