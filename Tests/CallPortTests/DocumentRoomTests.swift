import Testing

@testable import CallPort

@Suite struct DocumentRoomTests {
    @Test("what does not fit waits, first come, first served") func order() {
        var room = DocumentRoom(capacity: 10)
        let asked = [room.ask(1, octets: 6), room.ask(2, octets: 6), room.ask(3, octets: 2)]
        // The third would fit, but who came before goes before.
        #expect(asked == [true, false, false])
        #expect(room.used == 6)
        let admitted = room.leave(1)
        #expect(admitted == [2, 3])
        #expect(room.used == 8)
        let none = room.leave(3) + room.leave(2)
        #expect(none == [])
        #expect(room.used == 0)
    }

    @Test("who waits no more is in nobody's way") func givingUp() {
        var room = DocumentRoom(capacity: 10)
        let asked = [room.ask(1, octets: 8), room.ask(2, octets: 8), room.ask(3, octets: 2)]
        #expect(asked == [true, false, false])
        let admitted = room.leave(2)
        #expect(admitted == [3])
        let none = room.leave(7)
        #expect(none == [])
        #expect(room.used == 10)
    }
}
