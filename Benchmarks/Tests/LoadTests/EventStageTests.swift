import Testing

@testable import load

struct EventStageTests {
    private func publication(_ number: Int) -> String {
        #"[16,9,{},"com.example.bench.handled",[\#(number)]]"#
    }

    private func outcome(of count: Int, _ peer: ScriptedPeer) throws -> EventStage.Outcome {
        try peer.meet { try EventStage(count: count, window: 3).run(on: $0, subscription: 8) }
    }

    @Test func noMoreThanTheWindowIsUnderWay() throws {
        // Four events are not under way yet, and so can't be handled.
        let peer = try ScriptedPeer(saying: [publication(4), publication(2)], thenNothing: true)
        #expect(throws: LoadError.self) { try outcome(of: 6, peer) }
        #expect(peer.heard() == (1...5).map { "[36,8,\($0),{},[\($0)]]" })
    }

    @Test func theStageEndsWithTheLastNumber() throws {
        let peer = try ScriptedPeer(saying: [publication(2), publication(3)])
        let outcome = try outcome(of: 3, peer)
        #expect(outcome.events == 3)
        #expect(outcome.wrong == 0)
        #expect(peer.heard() == ["[36,8,1,{},[1]]", "[36,8,2,{},[2]]", "[36,8,3,{},[3]]"])
    }

    @Test func whatTellsNothingNewIsWrong() throws {
        let peer = try ScriptedPeer(saying: [
            publication(2), publication(2), publication(1), publication(4), #"[16,9,{},"com.example.bench"]"#,
            publication(3),
        ])
        let outcome = try outcome(of: 3, peer)
        #expect(outcome.events == 3)
        #expect(outcome.wrong == 4)
    }
}
