import NIOCore
import Testing

@testable import WAMPClient

@Suite struct ReconnectStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func machine(urls: Int = 1) -> ReconnectStateMachine {
        ReconnectStateMachine(
            urls: urls, backoff: Backoff(), credentialsWait: (.seconds(30), .seconds(60)), stableAfter: .seconds(10))
    }

    @Test func urlsInTurnWithoutEnd() {
        var machine = self.machine(urls: 3)
        #expect(machine.start() == .connect(url: 0))
        #expect(machine.start() == .nothing)
        for attempt in 1...100 {
            guard case .wait = machine.ended(.transient, at: self.start, random: 1) else {
                Issue.record("gave up at \(attempt)")
                return
            }
            #expect(machine.timerFired() == .connect(url: attempt % 3))
        }
    }

    @Test func anotherSerializerAtOnceAtTheSameRouter() {
        var machine = self.machine(urls: 3)
        _ = machine.start()
        _ = machine.ended(.transient, at: self.start, random: 1)
        #expect(machine.timerFired() == .connect(url: 1))
        #expect(machine.ended(.serializer, at: self.start, random: 1) == .connect(url: 1))
        #expect(machine.ended(.serializer, at: self.start, random: 1) == .connect(url: 1))
        // They did not count as failures.
        #expect(machine.ended(.transient, at: self.start, random: 1) == .wait(.milliseconds(200)))
        #expect(machine.timerFired() == .connect(url: 2))
        #expect(machine.stop() == .close)
        #expect(machine.ended(.serializer, at: self.start, random: 1) == .nothing)
        let isStopping = machine.isStopping
        #expect(isStopping)
    }

    @Test func waitsDouble() {
        var machine = self.machine()
        _ = machine.start()
        #expect(machine.ended(.transient, at: self.start, random: 1) == .wait(.milliseconds(100)))
        _ = machine.timerFired()
        #expect(machine.ended(.transient, at: self.start, random: 1) == .wait(.milliseconds(200)))
    }

    @Test func onlyAStableSessionResets() {
        var machine = self.machine()
        _ = machine.start()
        for _ in 1...3 {
            _ = machine.ended(.transient, at: self.start, random: 1)
            _ = machine.timerFired()
        }
        machine.joined(at: self.start)
        #expect(machine.ended(.transient, at: self.start + .seconds(9), random: 1) == .wait(.milliseconds(800)))
        _ = machine.timerFired()
        machine.joined(at: self.start)
        #expect(machine.ended(.transient, at: self.start + .seconds(10), random: 1) == .wait(.milliseconds(100)))
    }

    @Test func credentialsAreRetriedSlowly() {
        var machine = self.machine()
        _ = machine.start()
        #expect(machine.ended(.credentials, at: self.start, random: 0) == .wait(.seconds(30)))
        _ = machine.timerFired()
        #expect(machine.ended(.credentials, at: self.start, random: 1) == .wait(.seconds(60)))
    }

    @Test func killedBacksOff() {
        var machine = self.machine()
        _ = machine.start()
        machine.joined(at: self.start)
        #expect(machine.ended(.killed, at: self.start + .hours(1), random: 0) == .wait(.milliseconds(1600)))
        _ = machine.timerFired()
        machine.joined(at: self.start)
        #expect(machine.ended(.killed, at: self.start, random: 0) == .wait(.milliseconds(3200)))
        _ = machine.timerFired()
        machine.joined(at: self.start)
        #expect(machine.ended(.killed, at: self.start + .hours(1), random: 1) == .wait(.milliseconds(3200)))
    }

    @Test func stopsInEachState() {
        var idle = self.machine()
        #expect(idle.stop() == .stopped)
        #expect(idle.start() == .nothing)

        var waiting = self.machine()
        _ = waiting.start()
        _ = waiting.ended(.transient, at: self.start, random: 0)
        #expect(waiting.stop() == .stopTimer)
        #expect(waiting.timerFired() == .nothing)

        var joined = self.machine()
        _ = joined.start()
        joined.joined(at: self.start)
        #expect(joined.stop() == .close)
        let isStopping = joined.isStopping
        #expect(isStopping)
        #expect(joined.ended(.transient, at: self.start, random: 0) == .nothing)
        #expect(joined.stop() == .stopped)
        #expect(joined.timerFired() == .nothing)
    }

    @Test func lateEndsAreDropped() {
        var machine = self.machine()
        _ = machine.start()
        _ = machine.ended(.transient, at: self.start, random: 1)
        #expect(machine.ended(.transient, at: self.start, random: 1) == .nothing)
        machine.joined(at: self.start)
        #expect(machine.timerFired() == .connect(url: 0))
    }
}
