import NIOCore
import Testing

@testable import WAMPClient

@Suite struct LivenessStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func machine() -> LivenessStateMachine {
        LivenessStateMachine(interval: .seconds(5), patience: .seconds(10), now: self.start)
    }

    @Test func deadPeerIsFoundAfterPatience() {
        var machine = self.machine()
        let first = machine.firstCheck
        #expect(first == self.start + .seconds(5))
        #expect(machine.check(at: self.start + .seconds(5)) == .probe(thenAt: self.start + .seconds(10)))
        #expect(machine.check(at: self.start + .seconds(10)) == .dead(silence: .seconds(10)))
    }

    @Test func anyOctetIsASignOfLife() {
        var machine = self.machine()
        _ = machine.check(at: self.start + .seconds(5))
        machine.heard(at: self.start + .seconds(9))
        #expect(machine.check(at: self.start + .seconds(10)) == .wait(until: self.start + .seconds(14)))
        #expect(machine.check(at: self.start + .seconds(14)) == .probe(thenAt: self.start + .seconds(19)))
    }

    @Test func theTimeToAnAnswerIsMeasured() {
        var machine = self.machine()
        machine.heard(at: self.start + .seconds(1))
        #expect(machine.roundTrip == nil)
        _ = machine.check(at: self.start + .seconds(6))
        machine.heard(at: self.start + .seconds(6) + .milliseconds(3))
        machine.heard(at: self.start + .seconds(7))
        #expect(machine.roundTrip == .milliseconds(3))
        _ = machine.check(at: self.start + .seconds(12))
        // That it reads is a sign of life, and no answer.
        machine.took(at: self.start + .seconds(13))
        machine.heard(at: self.start + .seconds(14))
        #expect(machine.roundTrip == .milliseconds(3))
    }

    @Test func nothingIsAskedOfABusyPeer() {
        var machine = self.machine()
        machine.heard(at: self.start + .seconds(4))
        #expect(machine.check(at: self.start + .seconds(5)) == .wait(until: self.start + .seconds(9)))
    }

    /// The process was stopped: the router's answer may be waiting in the socket.
    @Test func aLateCheckAsksFirst() {
        var machine = self.machine()
        let late = self.start + .minutes(5)
        #expect(machine.check(at: late) == .probe(thenAt: late + .seconds(5)))
        #expect(machine.check(at: late + .seconds(1)) == .wait(until: late + .seconds(5)))
        #expect(machine.check(at: late + .seconds(5)) == .dead(silence: .seconds(305)))
    }
}
