import Testing

@testable import Names

@Suite("Complaints")
struct ComplaintsTests {
    private static func complaint(_ text: String) -> Complaint { Complaint(name: text, reason: "it is gone") }

    @Test("a few are named and the others counted, whatever comes and goes")
    func many() {
        var complaints = Complaints<Int>()
        func names() -> Set<String> { Set(complaints.named.map(\.name)) }
        for key in 1...100 { complaints[key] = Self.complaint("no \(key)") }
        #expect(complaints.count == 100)
        #expect(names() == Set((1...20).map { "no \($0)" }))
        #expect(complaints.others == 80)
        complaints[3] = Self.complaint("still no 3")
        #expect(names().contains("still no 3"))
        for key in 1...90 { complaints[key] = nil }
        #expect(names() == Set((91...100).map { "no \($0)" }))
        #expect(complaints.others == 0)
        complaints[90] = nil
        #expect(complaints.count == 10)
    }

    @Test("of those of several parts no more are named than of one")
    func summary() {
        let parts = ["b", "a"].map { part in
            ComplaintSummary(named: (10..<25).map { Self.complaint("\(part) \($0)") }, others: 7)
        }
        let summary = (parts[0] + parts[1]).naming(atMost: 20)
        #expect(summary.count == 44)
        #expect(summary.others == 24)
        #expect(summary.named.map(\.name) == (10..<25).map { "a \($0)" } + (10..<15).map { "b \($0)" })
        #expect(parts[0].naming(atMost: 20).others == 7)
    }
}
