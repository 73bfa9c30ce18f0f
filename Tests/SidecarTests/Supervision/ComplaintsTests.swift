import Testing

@testable import Sidecar

@Suite("Complaints")
struct ComplaintsTests {
    @Test("a few are named and the others counted, whatever comes and goes")
    func many() {
        var complaints = Complaints<Int>()
        for key in 1...100 { complaints[key] = "no \(key)" }
        #expect(complaints.count == 100)
        #expect(Set(complaints.named) == Set((1...20).map { "no \($0)" }))
        #expect(complaints.others == 80)
        complaints[3] = "still no 3"
        #expect(complaints.named.contains("still no 3"))
        for key in 1...90 { complaints[key] = nil }
        #expect(Set(complaints.named) == Set((91...100).map { "no \($0)" }))
        #expect(complaints.others == 0)
        complaints[90] = nil
        #expect(complaints.count == 10)
    }

    @Test("readiness names them and says how many others there are")
    func readiness() {
        var machine = ReadinessStateMachine(listens: false)
        machine.joined(true)
        machine.databaseIsAvailable(true)
        machine.leadership(isKnown: true)
        machine.routes(areSettled: true, complaints: ComplaintSummary(named: ["b", "a"], others: 7))
        check(machine.hasOtherFaults, false)
        check(machine.change(), .readyWithFaults(["a", "b", "and 7 more"]))
        machine.routes(areSettled: true, complaints: ComplaintSummary(named: ["b", "a"], others: 8))
        check(machine.hasOtherFaults, true)
        machine.routes(areSettled: false, complaints: ComplaintSummary())
        check(machine.hasOtherFaults, false)
    }
}
