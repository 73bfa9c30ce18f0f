import NIOCore
import TestChecks
import Testing

@testable import Postgres

@Suite("An attempt to connect that does not return")
struct ConnectionKeeperTests {
    @Test("is reported once, when it is overdue, and no other is begun")
    func overdue() throws {
        let fixture = try DatabaseFixture(url: "host=a,b connect_timeout=5")
        var events: [String] = []
        let control = Control(environment: fixture.environment) { events.append("\($0)") }
        control.start()
        fixture.advance(by: .seconds(19))
        check(events, [])
        fixture.advance(by: .seconds(1))
        check(events.count, 1)
        #expect(events.first?.contains("no answer for 20 s") == true)
        fixture.advance(by: .seconds(600))
        check(events.count, 1)
    }

    @Test("is ignored after a stop")
    func stopped() throws {
        let fixture = try DatabaseFixture()
        var events = 0
        let control = Control(environment: fixture.environment) { _ in events += 1 }
        control.start()
        control.stop()
        fixture.advance(by: .seconds(600))
        check(events, 0)
    }
}
