import Testing

@testable import Sidecar

@Suite("How many events may wait")
struct EventBudgetTests {
    @Test("beyond a number of events the rest is dropped, until there is room again")
    func events() {
        var budget = EventBudget(mostEvents: 10, mostOctets: 1000)
        for _ in 1...10 { check(budget.admit(1), true) }
        check(budget.isExceeded, false)
        check(budget.admit(1), false)
        check(budget.isExceeded, true)
        budget.release(1)
        check(budget.isExceeded, false)
        check(budget.admit(1), true)
        check(budget.admit(1), false)
    }

    @Test("so is what is beyond a number of octets")
    func octets() {
        var budget = EventBudget(mostEvents: 1000, mostOctets: 100)
        check(budget.admit(101), false)
        check(budget.admit(60), true)
        check(budget.admit(41), false)
        check(budget.admit(40), true)
        check(budget.isExceeded, true)
        budget.release(60)
        check(budget.isExceeded, false)
    }
}
