import TestChecks
import Testing

@testable import Sidecar

@Suite("Whether the events of a subscription can run")
struct FlowStateMachineTests {
    private static let failure = EventFailure(error: "53100", message: "the disk is full")

    @Test("the function is looked up when an event comes, once")
    func function() {
        var machine = FlowStateMachine(sharesDelays: true)
        check(machine.eventCame(isKnown: false), .lookUp)
        check(machine.eventCame(isKnown: false), .nothing)
        check(machine.lookUp(), .nothing)
        check(machine.lookedUp(isFound: true), .resume)
        check(machine.eventCame(isKnown: true), .nothing)
        check(machine.lookUp(), .lookUp, "it may not be what it was")
        check(machine.lookedUp(isFound: false), .nothing)
        check(machine.eventCame(isKnown: false), .lookUp)
    }

    @Test("one that is known already is not looked up")
    func known() {
        var machine = FlowStateMachine(sharesDelays: true)
        check(machine.eventCame(isKnown: true), .resume)
        check(machine.eventCame(isKnown: true), .nothing)
    }

    @Test("an event that comes during a delay waits for its end, when the function is looked up")
    func delays() {
        var machine = FlowStateMachine(sharesDelays: true)
        _ = machine.lookUp()
        check(machine.lookedUp(isFound: false), .nothing)
        machine.delayBegan()
        check(machine.eventCame(isKnown: true), .nothing)
        check(machine.delayEnded(), .lookUp)
        machine.delayBegan()
        check(machine.delayEnded(), .nothing, "it is being asked for")
        check(machine.lookedUp(isFound: true), .resume)
        machine.delayBegan()
        check(machine.delayEnded(), .resume)
    }

    @Test("each time that no event can run the delay grows, until an event has run")
    func holds() {
        var machine = FlowStateMachine(sharesDelays: false)
        for times in 1...3 {
            check(machine.hold(Self.failure), times)
            machine.delayBegan()
        }
        machine.ran()
        check(machine.hold(Self.failure), 1)
    }

    @Test("if delays are shared, a failure meanwhile begins no other")
    func sharedDelays() {
        var machine = FlowStateMachine(sharesDelays: true)
        check(machine.hold(Self.failure), 1)
        machine.delayBegan()
        check(machine.hold(EventFailure(error: "53200", message: "")), nil)
        machine.end()
        check(machine.reasonToGiveUp?.error, "53200", "the last one is reported")
        _ = machine.delayEnded()
        check(machine.hold(Self.failure), 2)
    }

    @Test("waiting events are given up only if none can run, and there is no time")
    func ending() {
        var machine = FlowStateMachine(sharesDelays: true)
        _ = machine.hold(Self.failure)
        check(machine.reasonToGiveUp?.error, nil)
        machine.end()
        check(machine.reasonToGiveUp?.error, "53100")
        machine.ran()
        check(machine.reasonToGiveUp?.error, nil)
    }
}
