import Postgres
import TestChecks
import Testing

@testable import Sidecar

@Suite("How many events may wait")
struct EventBudgetTests {
    private typealias Party = FairShares.Party

    private static let (a, b) = (Party(number: 1), Party(number: 2))
    private static let (slow, fast) = (Party(number: 3), Party(number: 4))

    private static func budget(events: Int, octets: Int, subscriptions: Int = 1) -> EventBudget {
        var budget = EventBudget(mostEvents: events, mostOctets: octets)
        budget.subscriptions = subscriptions
        return budget
    }

    @Test("beyond a number of events the rest is dropped, until there is room again")
    func events() {
        var budget = Self.budget(events: 10, octets: 1000)
        for _ in 1...10 { check(budget.admit(1, of: Self.a), true) }
        check(budget.isExceeded(by: Self.a), false)
        check(budget.admit(1, of: Self.a), false)
        check(budget.isExceeded(by: Self.a), true)
        budget.release(1, of: Self.a)
        check(budget.isExceeded(by: Self.a), false)
        check(budget.admit(1, of: Self.a), true)
        check(budget.admit(1, of: Self.a), false)
    }

    @Test("and so beyond a number of octets")
    func octets() {
        var budget = Self.budget(events: 1000, octets: 100)
        check(budget.admit(101, of: Self.a), false)
        check(budget.admit(60, of: Self.a), true)
        check(budget.admit(41, of: Self.a), false)
        check(budget.admit(40, of: Self.a), true)
        check(budget.isExceeded(by: Self.a), true)
        budget.release(60, of: Self.a)
        check(budget.isExceeded(by: Self.a), false)
    }

    @Test("an event dropped for lack of room elsewhere is reported, until one of its subscription has ended")
    func elsewhere() {
        var budget = Self.budget(events: 10, octets: 1000)
        budget.drop(of: Self.a)
        check(budget.isExceeded(by: Self.a), false)
        check(budget.admit(1, of: Self.a), true)
        budget.drop(of: Self.a)
        check(budget.isExceeded(by: Self.a), true)
        budget.release(1, of: Self.a)
        check(budget.isExceeded(by: Self.a), false)
    }

    @Test("a slow subscription loses its own events, and the others none")
    func shares() {
        var budget = Self.budget(events: 1000, octets: 100_000, subscriptions: 10)
        var slow = 0
        for _ in 1...2000 where budget.admit(10, of: Self.slow) { slow += 1 }
        check(slow, 550)
        check(budget.isExceeded(by: Self.slow), true)
        for number in 1...9 {
            for _ in 1...50 { check(budget.admit(10, of: Party(number: 10 + number)), true) }
            check(budget.isExceeded(by: Party(number: 10 + number)), false)
        }
        check(budget.count, 1000)
    }

    @Test("an event that is larger than a share finds room as long as none of its subscription waits")
    func large() {
        var budget = Self.budget(events: 1000, octets: 100_000, subscriptions: 100)
        while budget.admit(100, of: Self.slow) {}
        check(budget.admit(20_000, of: Self.fast), true)
        check(budget.admit(20_000, of: Self.fast), false)
        budget.release(20_000, of: Self.fast)
        check(budget.admit(20_000, of: Self.fast), true)
    }

    @Test("shares follow the number of subscriptions")
    func number() {
        var budget = Self.budget(events: 100, octets: 100_000)
        for _ in 1...100 { check(budget.admit(1, of: Self.a), true) }
        budget.subscriptions = 2
        check(budget.admit(1, of: Self.b), false)
        check(budget.isExceeded(by: Self.b), true)
        for _ in 1...30 { budget.release(1, of: Self.a) }
        for _ in 1...25 { check(budget.admit(1, of: Self.b), true) }
        check(budget.isExceeded(by: Self.b), false)
        check(budget.admit(1, of: Self.a), true)
        for _ in 1...4 { check(budget.admit(1, of: Self.a), true) }
        check(budget.admit(1, of: Self.a), false)
        check(budget.count, 100)
    }
}
