import NIOCore
import Testing

@testable import Sidecar

@Suite("How often a task runs that is requested all the time")
struct PaceStateMachineTests {
    private static let start = NIODeadline.uptimeNanoseconds(1)

    @Test func `The first time it is at once, and then once for all that came meanwhile`() {
        var machine = PaceStateMachine(interval: .seconds(1))
        let answers = (0..<4).map { machine.asked(at: Self.start + .milliseconds(100 * $0)) }
        #expect(answers == [.run, .wait(.milliseconds(900)), .nothing, .nothing])
        machine.waited(at: Self.start + .seconds(1))
        let next = [
            machine.asked(at: Self.start + .milliseconds(1500)), machine.asked(at: Self.start + .milliseconds(1600)),
        ]
        #expect(next == [.wait(.milliseconds(500)), .nothing])
    }

    @Test func `After a rest it is at once again`() {
        var machine = PaceStateMachine(interval: .seconds(1))
        let answers = (0..<4).map { machine.asked(at: Self.start + .seconds(Int64($0))) }
        #expect(answers == [.run, .run, .run, .run])
    }
}
