import NIOCore
import TestChecks
import Testing

@testable import Postgres

@Suite("Which backend is asked to cancel")
struct CancelStateMachineTests {
    enum Step {
        case interrupted(Int)
        case signaled(Int, number: Int)
        case ended(Int)
        /// So many milliseconds after the first step.
        case ticked(Int, at: Int64)
        case disconnected(Int)
    }

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let steps: [(Step, CancelStateMachine.Action)]

        init(_ description: String, _ steps: [(Step, CancelStateMachine.Action)]) {
            self.testDescription = description
            self.steps = steps
        }
    }

    @Test(
        "whatever comes first, nothing is sent until the signal was sent and the work has ended",
        arguments: [
            Case(
                "the signal is sent first",
                [
                    (.interrupted(0), .cancel(number: 1)), (.signaled(0, number: 1), .none), (.ended(0), .reopen),
                    (.ended(0), .none),
                ]),
            Case(
                "the work ends first",
                [
                    (.interrupted(0), .cancel(number: 1)), (.ended(0), .none), (.ended(0), .none),
                    (.signaled(0, number: 1), .reopen), (.signaled(0, number: 1), .none),
                ]),
            Case("without a cancel the end of work means nothing", [(.ended(0), .none), (.ended(0), .none)]),
            Case(
                "one at a time: a second is asked for only when the first has done its work",
                [
                    (.interrupted(0), .cancel(number: 1)), (.interrupted(0), .none), (.signaled(0, number: 1), .none),
                    (.interrupted(0), .none), (.ended(0), .reopen), (.interrupted(0), .cancel(number: 2)),
                ]),
            Case(
                "nor while the signal of the first may still come",
                [
                    (.interrupted(0), .cancel(number: 1)), (.ended(0), .none), (.interrupted(0), .none),
                    (.signaled(0, number: 1), .reopen), (.interrupted(0), .cancel(number: 2)),
                ]),
            Case(
                "each connection by itself",
                [
                    (.interrupted(0), .cancel(number: 1)), (.interrupted(1), .cancel(number: 2)), (.ended(1), .none),
                    (.signaled(0, number: 1), .none), (.signaled(1, number: 2), .reopen), (.ended(0), .reopen),
                ]),
            Case(
                "with the connection goes its cancel, and what is said of it later is of no account",
                [
                    (.interrupted(0), .cancel(number: 1)), (.disconnected(0), .none), (.ended(0), .none),
                    (.interrupted(0), .cancel(number: 2)), (.signaled(0, number: 1), .none), (.ended(0), .none),
                    (.signaled(0, number: 1), .none), (.signaled(0, number: 2), .reopen),
                ]),
            Case(
                "a signal that has ended nothing after a second is sent again",
                [
                    (.interrupted(0), .cancel(number: 1)), (.ticked(0, at: 5000), .none),
                    (.signaled(0, number: 1), .none), (.ticked(0, at: 999), .none),
                    (.ticked(0, at: 1000), .cancel(number: 2)), (.ticked(0, at: 2000), .none),
                    (.interrupted(0), .none), (.signaled(0, number: 1), .none), (.signaled(0, number: 2), .none),
                    (.ended(0), .reopen), (.ticked(0, at: 9000), .none),
                ]),
            Case(
                "work that ends while the second signal is on its way",
                [
                    (.interrupted(0), .cancel(number: 1)), (.signaled(0, number: 1), .none),
                    (.ticked(0, at: 1000), .cancel(number: 2)), (.ended(0), .none), (.ticked(0, at: 9000), .none),
                    (.signaled(0, number: 2), .reopen),
                ]),
        ])
    func order(_ test: Case) {
        let start = NIODeadline.now()
        var machine = CancelStateMachine(slots: 2)
        for (index, (step, expected)) in test.steps.enumerated() {
            let action: CancelStateMachine.Action
            switch step {
            case .interrupted(let slot): action = machine.interrupted(slot: slot)
            case .signaled(let slot, let number): action = machine.signaled(slot: slot, number: number, at: start)
            case .ended(let slot): action = machine.ended(slot: slot)
            case .ticked(let slot, let time):
                action = machine.ticked(slot: slot, at: start + .milliseconds(time))
            case .disconnected(let slot):
                machine.disconnected(slot: slot)
                action = .none
            }
            check(action, expected, "step \(index)")
        }
    }

    @Test("there can be more connections, and what is under way on the others goes on")
    func growing() {
        var machine = CancelStateMachine(slots: 1)
        check(machine.interrupted(slot: 0), .cancel(number: 1))
        machine.grow(to: 3)
        machine.grow(to: 2)
        check(machine.interrupted(slot: 2), .cancel(number: 2))
        check(machine.ended(slot: 0), .none)
        check(machine.signaled(slot: 0, number: 1, at: .now()), .reopen)
    }
}
