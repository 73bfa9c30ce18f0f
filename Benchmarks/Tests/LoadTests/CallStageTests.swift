import Testing

@testable import load

struct CallStageTests {
    /// Runs a stage of two calls against a peer that has answered already with `answers`.
    private func outcome(of answers: [String]) throws -> CallStage.Outcome {
        let stage = CallStage(outstanding: 2, calls: 2, seconds: 0, sampleEvery: nil)
        var request = 0
        return try ScriptedPeer(saying: answers).meet { router in
            try stage.run(on: router, registration: 1, request: &request) { _ in }
        }
    }

    @Test func rightAnswersCountInAnyOrder() throws {
        let outcome = try outcome(of: ["[70,2,{},[9]]", "[70,1,{},[8]]"])
        #expect(outcome.calls == 2)
        #expect(outcome.latencies.count == 2)
        #expect(outcome.wrong == 0 && outcome.errors == 0)
    }

    @Test func swappedResultsAreWrong() throws {
        let outcome = try outcome(of: ["[70,1,{},[9]]", "[70,2,{},[8]]"])
        #expect(outcome.calls == 0)
        #expect(outcome.wrong == 2)
    }

    @Test func aSecondAnswerAndAnUnknownRequestAreWrong() throws {
        let outcome = try outcome(of: ["[70,65537,{},[65544]]", "[70,1,{},[8]]", "[70,1,{},[8]]", "[70,2,{}]"])
        #expect(outcome.calls == 1)
        #expect(outcome.wrong == 3)
    }

    @Test func errorsAreKept() throws {
        let outcome = try outcome(of: [#"[8,68,1,{},"wamp.error.unavailable",["full"]]"#, "[70,2,{},[9]]"])
        #expect(outcome.calls == 1)
        #expect(outcome.errors == 1)
        #expect(outcome.firstError?.contains("full") == true)
    }

    @Test func aMalformedMessageEndsTheStage() {
        #expect(throws: LoadError.self) { try outcome(of: ["[70"]) }
        #expect(throws: LoadError.self) { try outcome(of: ["nonsense"]) }
    }
}
