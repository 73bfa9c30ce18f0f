import TestChecks
import Testing

@testable import Sidecar

@Suite("How many events may wait")
struct EventBudgetTests {
    private static func budget(events: Int, octets: Int, subscriptions: Int = 1) -> EventBudget<String> {
        var budget = EventBudget<String>(mostEvents: events, mostOctets: octets)
        budget.subscriptions = subscriptions
        return budget
    }

    @Test("beyond a number of events the rest is dropped, until there is room again")
    func events() {
        var budget = Self.budget(events: 10, octets: 1000)
        for _ in 1...10 { check(budget.admit(1, of: "a"), true) }
        check(budget.isExceeded(by: "a"), false)
        check(budget.admit(1, of: "a"), false)
        check(budget.isExceeded(by: "a"), true)
        budget.release(1, of: "a")
        check(budget.isExceeded(by: "a"), false)
        check(budget.admit(1, of: "a"), true)
        check(budget.admit(1, of: "a"), false)
    }

    @Test("and so beyond a number of octets")
    func octets() {
        var budget = Self.budget(events: 1000, octets: 100)
        check(budget.admit(101, of: "a"), false)
        check(budget.admit(60, of: "a"), true)
        check(budget.admit(41, of: "a"), false)
        check(budget.admit(40, of: "a"), true)
        check(budget.isExceeded(by: "a"), true)
        budget.release(60, of: "a")
        check(budget.isExceeded(by: "a"), false)
    }

    @Test("an event dropped for lack of room elsewhere is reported, until one of its subscription has ended")
    func elsewhere() {
        var budget = Self.budget(events: 10, octets: 1000)
        budget.drop(of: "a")
        check(budget.isExceeded(by: "a"), false)
        check(budget.admit(1, of: "a"), true)
        budget.drop(of: "a")
        check(budget.isExceeded(by: "a"), true)
        budget.release(1, of: "a")
        check(budget.isExceeded(by: "a"), false)
    }

    @Test("a slow subscription loses its own events, and the others none")
    func shares() {
        var budget = Self.budget(events: 1000, octets: 100_000, subscriptions: 10)
        var slow = 0
        for _ in 1...2000 where budget.admit(10, of: "slow") { slow += 1 }
        check(slow, 550)
        check(budget.isExceeded(by: "slow"), true)
        for number in 1...9 {
            for _ in 1...50 { check(budget.admit(10, of: "fast \(number)"), true) }
            check(budget.isExceeded(by: "fast \(number)"), false)
        }
        check(budget.count, 1000)
    }

    @Test("an event that is larger than a share finds room as long as none of its subscription waits")
    func large() {
        var budget = Self.budget(events: 1000, octets: 100_000, subscriptions: 100)
        while budget.admit(100, of: "slow") {}
        check(budget.admit(20_000, of: "fast"), true)
        check(budget.admit(20_000, of: "fast"), false)
        budget.release(20_000, of: "fast")
        check(budget.admit(20_000, of: "fast"), true)
    }

    @Test("shares follow the number of subscriptions")
    func number() {
        var budget = Self.budget(events: 100, octets: 100_000)
        for _ in 1...100 { check(budget.admit(1, of: "a"), true) }
        budget.subscriptions = 2
        check(budget.admit(1, of: "b"), false)
        check(budget.isExceeded(by: "b"), true)
        for _ in 1...30 { budget.release(1, of: "a") }
        for _ in 1...25 { check(budget.admit(1, of: "b"), true) }
        check(budget.isExceeded(by: "b"), false)
        check(budget.admit(1, of: "a"), true)
        for _ in 1...4 { check(budget.admit(1, of: "a"), true) }
        check(budget.admit(1, of: "a"), false)
        check(budget.count, 100)
    }
}
