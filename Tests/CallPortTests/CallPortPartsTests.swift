import NIOCore
import Testing

@testable import CallPort

@Suite("Small parts of the port")
struct CallPortPartsTests {
    @Test("the delay after a wrong password: a second at first, more if there are many, less after a quiet minute")
    func delay() {
        var delay = AuthenticationDelay()
        let start = NIODeadline.uptimeNanoseconds(0)
        let delays = (0..<10).map { delay.failed(at: start + .seconds(Int64($0))) }
        #expect(delays.map { $0.nanoseconds / 1_000_000_000 } == [1, 1, 1, 1, 1, 2, 4, 8, 8, 8])
        let later = delay.failed(at: start + .seconds(70))
        #expect(later == .seconds(1))
        #expect(delay.total == 11)
    }

    @Test("a backend is there as often as it waits")
    func waiting() {
        var waiting = WaitingBackends()
        let inserted = [1, 1, 2].map { waiting.insert($0) }
        #expect(inserted == [true, false, true])
        #expect(waiting.all == [1, 2])
        let removed = [1, 1, 1].map { waiting.remove($0) }
        #expect(removed == [false, true, false])
        #expect(waiting.all == [2])
    }

    @Test("room for who has proved nothing: the oldest who has had his time goes, who has spoken last")
    func admission() {
        var admission = CallPortAdmission(limit: 2)
        let start = NIODeadline.uptimeNanoseconds(0)
        func room(_ milliseconds: Int64) -> CallPortAdmission.Room {
            admission.room(at: start + .milliseconds(milliseconds))
        }
        #expect(room(0) == .free)
        admission.arrived(1, at: start)
        admission.spoke(1)
        #expect(room(0) == .free)
        admission.arrived(2, at: start + .milliseconds(100))
        #expect(room(299) == .later(start + .milliseconds(300)))
        #expect(room(300) == .inPlaceOf(2))
        #expect(room(1000) == .inPlaceOf(2))
        admission.spoke(2)
        #expect(room(999) == .later(start + .milliseconds(1000)))
        #expect(room(1000) == .inPlaceOf(1))
        admission.hasProved(1)
        #expect(room(600) == .free)
        #expect(admission.sessions == 1)
        admission.left(1)
        admission.left(2)
        #expect(admission.sessions == 0)
        #expect(room(600) == .free)
    }
}
