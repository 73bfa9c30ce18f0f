import Testing

@testable import load

struct RowsStageTests {
    private static let final = "[70,1,{},[[]]]"

    private func part(_ rows: ClosedRange<Int>) -> String {
        let texts = rows.map { #"{"n":\#($0),"filler":"x"}"# }.joined(separator: ",")
        return #"[70,1,{"progress":true},[[\#(texts)]]]"#
    }

    private func outcome(of count: Int, _ messages: [String]) throws -> RowsStage.Outcome {
        try ScriptedPeer(saying: messages).meet { try RowsStage(count: count).run(on: $0, registration: 8) }
    }

    @Test func rowsAreCountedUntilTheFinalResult() throws {
        let peer = try ScriptedPeer(saying: [part(1...2), part(3...3), Self.final])
        let outcome = try peer.meet { try RowsStage(count: 3).run(on: $0, registration: 8) }
        #expect(outcome.rows == 3)
        #expect(outcome.parts == 2)
        #expect(peer.heard() == [#"[68,1,8,{"receive_progress":true},[3]]"#])
    }

    @Test func rowsThatAreMissingDoubledOrOutOfOrderFail() {
        #expect(throws: LoadError.self) { try outcome(of: 3, [part(1...1), part(3...3), Self.final]) }
        #expect(throws: LoadError.self) { try outcome(of: 3, [part(1...2), part(2...3), Self.final]) }
        #expect(throws: LoadError.self) { try outcome(of: 3, [part(1...2), Self.final]) }
        let gap = #"[70,1,{"progress":true},[[{"n":1},{"n":3}]]]"#
        #expect(throws: LoadError.self) { try outcome(of: 3, [gap, Self.final]) }
    }

    @Test func anErrorFails() {
        #expect(throws: LoadError.self) {
            try outcome(of: 3, [part(1...2), #"[8,68,1,{},"wamp.error.canceled"]"#])
        }
    }
}
