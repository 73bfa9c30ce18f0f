import NIOCore
import Names
import Testing

@testable import Sidecar

@Suite("Where things are counted by label")
struct SlotTableTests {
    @Test("a label has one slot, whoever asks; others have others, by octets")
    func slots() {
        let table = SlotTable<ProcedureSlot>()
        let slot = table.slot("com.example.a")
        #expect(table.slot("com.example.a") === slot)
        #expect(table.slot("com.example.\u{E9}") !== table.slot("com.example.e\u{301}"))
        #expect(table.all.map(\.label) == ["com.example.a", "com.example.\u{E9}", "com.example.e\u{301}"])
    }

    @Test("beyond a number of labels all others share a slot, as the label does that is called like it")
    func shared() {
        let table = SlotTable<ProcedureSlot>(most: 2)
        let held = [table.slot("a"), table.slot("b")]
        let other = table.slot("c")
        #expect(other.label == "other")
        #expect(table.slot("d") === other)
        #expect(table.slot("other") === other)
        #expect(table.slot("a") === held[0])
        #expect(table.all.map(\.label) == ["a", "b", "other"])
    }

    @Test("what nobody holds makes room, and what it has counted is not lost")
    func makesRoom() {
        let table = SlotTable<ProcedureSlot>(most: 2)
        table.slot("gone").callCame()
        table.slot("gone").callEnded(.ok, after: .milliseconds(1))
        let held = table.slot("b")
        let next = table.slot("c")
        #expect(next.label == "c")
        #expect(table.all.map(\.label) == ["c", "b", "other"])
        #expect(table.slot("other").received == 1)
        #expect(table.slot("other").ended(.ok) == 1)
        #expect(table.slot("other").duration.count == 1)
        #expect(table.slot("gone").label == "other")
        withExtendedLifetime((held, next)) {}
    }
}
