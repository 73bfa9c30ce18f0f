import Testing
import WAMP

@testable import WAMPClient

@Suite struct SerializerStateMachineTests {
    @Test func oneAfterTheOther() {
        var machine = SerializerStateMachine([.json, .msgpack, .cbor])
        #expect(machine.next == .json)
        #expect(machine.wasRefused(isGuess: false) == .tryNext(.msgpack, isNew: true))
        #expect(machine.next == .msgpack)
        #expect(machine.wasRefused(isGuess: false) == .tryNext(.cbor, isNew: true))
        #expect(machine.wasRefused(isGuess: false) == .giveUp(others: [.json, .msgpack]))
        // All are tried again, and none is reported again.
        #expect(machine.next == .json)
        #expect(machine.wasRefused(isGuess: false) == .tryNext(.msgpack, isNew: false))
        #expect(machine.wasRefused(isGuess: false) == .tryNext(.cbor, isNew: false))
        #expect(machine.wasRefused(isGuess: false) == .giveUp(others: [.json, .msgpack]))
    }

    @Test func whatWorkedComesFirst() {
        var machine = SerializerStateMachine([.json, .msgpack, .cbor])
        _ = machine.wasRefused(isGuess: false)
        _ = machine.wasRefused(isGuess: false)
        machine.agreed()
        machine.ended()
        #expect(machine.next == .cbor)
        machine.agreed()
        #expect(machine.next == .cbor)
        // The router's configuration was changed: then the order of preference counts.
        #expect(machine.wasRefused(isGuess: false) == .tryNext(.json, isNew: true))
        machine.agreed()
        #expect(machine.next == .json)
        #expect(machine.wasRefused(isGuess: false) == .tryNext(.cbor, isNew: false))
    }

    @Test func whatOnlyClosedIsAskedOnceMore() {
        var machine = SerializerStateMachine([.json, .msgpack, .cbor])
        #expect(machine.wasRefused(isGuess: true) == .tryNext(.msgpack, isNew: true))
        machine.agreed()
        // It may have been starting.
        #expect(machine.next == .json)
        machine.agreed()
        #expect(machine.next == .json)
        #expect(machine.wasRefused(isGuess: true) == .tryNext(.msgpack, isNew: false))
        machine.agreed()
        #expect(machine.next == .msgpack)
    }

    @Test func anotherEndBeginsAgain() {
        var machine = SerializerStateMachine([.json, .cbor])
        _ = machine.wasRefused(isGuess: false)
        machine.ended()
        #expect(machine.next == .json)
        #expect(machine.wasRefused(isGuess: false) == .tryNext(.cbor, isNew: false))
    }

    @Test func onlyOne() {
        var machine = SerializerStateMachine([.cbor])
        #expect(machine.next == .cbor)
        #expect(machine.wasRefused(isGuess: false) == .giveUp(others: []))
        #expect(machine.next == .cbor)
        #expect(SerializerStateMachine([]).next == .json)
    }
}
