import NIOCore
import NIOEmbedded
import TestChecks
import Testing

@testable import Sidecar

@Suite("The pulse")
struct PulseTests {
    private final class Fixture {
        let loop = EmbeddedEventLoop()
        var beats = 0
        var answers: [() -> Void] = []
        private(set) lazy var pulse = Pulse(
            eventLoop: self.loop, questions: [.watcher: { [unowned self] in self.answers.append($0) }],
            beat: { [unowned self] in self.beats += 1 })
    }

    @Test("each second, until it is stopped")
    func beats() {
        let fixture = Fixture()
        fixture.pulse.start()
        fixture.loop.advanceTime(by: .seconds(3))
        check(fixture.beats, 3)
        check(fixture.pulse.isLate, false)
        fixture.pulse.stop()
        fixture.loop.advanceTime(by: .seconds(3))
        check(fixture.beats, 3)
    }

    @Test("who does not answer is named, until he does")
    func silence() {
        let fixture = Fixture()
        fixture.pulse.start()
        fixture.loop.advanceTime(by: .seconds(9))
        check(fixture.answers.count, 1)
        check(fixture.pulse.fault, nil)
        fixture.loop.advanceTime(by: .seconds(1))
        check(fixture.pulse.fault != nil, true)
        fixture.answers[0]()
        check(fixture.pulse.fault, nil)
        fixture.loop.advanceTime(by: .seconds(1))
        check(fixture.answers.count, 2)
    }
}
