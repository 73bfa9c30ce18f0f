import NIOCore
import NIOEmbedded
import SidecarConfiguration
import TestChecks
import Testing

@testable import Outbox
@testable import Sidecar

@Suite("The consequences of the leadership")
struct SuccessionTests {
    private final class Fixture {
        let loop = EmbeddedEventLoop()
        let situation = CurrentSituation()
        let mandate = Mandate()
        let succession: Succession
        private(set) var drops = 0

        init() throws {
            self.loop.advanceTime(by: .hours(1))
            let text = """
                router: { url: "rs://127.0.0.1:1", realm: realm1 }
                database: { url: "host=127.0.0.1 port=1" }
                """
            let configuration = try ConfigurationFile.load(text: text)
            var drop: () -> Void = {}
            self.succession = Succession(
                situation: self.situation, mandate: self.mandate, eventLoop: self.loop,
                look: InterfaceLook(configuration.database), database: { _ in }, observer: { _ in },
                dropWhatWaits: {
                    drop()
                    return (events: 1, notifications: 1)
                }, notified: { _ in })
            drop = { [unowned self] in self.drops += 1 }
        }

        var acting: Acting { self.situation.now.acting }

        /// A proof that was sent so many seconds ago.
        func prove(ago seconds: Int64 = 0) {
            self.succession.leaseProven(until: self.loop.now + .seconds(9 - seconds))
        }

        func lead(isContinued: Bool = true) {
            self.prove()
            self.succession.roleChanged(.leader(continued: isContinued))
        }

        /// Work comes after so many seconds in which the process stood still.
        func work(after seconds: Int64) {
            self.mandate.check(at: self.loop.now + .seconds(seconds))
        }
    }

    @Test("a leader without a proof in time acts no more, until there is one: then nothing was dropped")
    func lapses() throws {
        let fixture = try Fixture()
        fixture.lead()
        check(fixture.acting, .here)
        fixture.work(after: 8)
        check(fixture.acting, .here)
        fixture.work(after: 9)
        check(fixture.acting, .suspended)
        check(fixture.situation.now.leadership, .leader(continued: true))
        fixture.prove(ago: 10)
        check(fixture.acting, .suspended, "that proof is too old")
        fixture.prove()
        check(fixture.acting, .here)
        check(fixture.drops, 0)
    }

    @Test("what waits is dropped when another leads, and not before")
    func another() throws {
        let fixture = try Fixture()
        fixture.lead()
        fixture.work(after: 20)
        fixture.succession.roleChanged(.unknown)
        check(fixture.acting, .suspended)
        check(fixture.drops, 0)
        fixture.prove(ago: 10)
        let holder = try #require(LeaderHolder(["17", nil, nil, nil, "1"]))
        fixture.succession.roleChanged(.standby(holder))
        check(fixture.acting, .elsewhere)
        check(fixture.drops, 1)
        fixture.work(after: 99)
        check(fixture.acting, .elsewhere)
    }

    @Test("a lease that was requested too long ago is worth nothing before it is proven")
    func lateLease() throws {
        let fixture = try Fixture()
        fixture.prove(ago: 9)
        fixture.succession.roleChanged(.leader(continued: true))
        check(fixture.acting, .suspended)
        fixture.prove()
        check(fixture.acting, .here)
    }

    @Test("a lead that is given up has no mandate left")
    func givenUp() throws {
        let fixture = try Fixture()
        fixture.lead()
        fixture.succession.leadershipGivenUp()
        fixture.work(after: 99)
        check(fixture.acting, .elsewhere)
        check(fixture.mandate.isInForce, false)
    }
}
