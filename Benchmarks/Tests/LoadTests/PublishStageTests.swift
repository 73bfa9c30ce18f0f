import Testing

@testable import load

struct PublishStageTests {
    /// The outcome of a stage of five numbers for the given publications, and its answers.
    private func outcome(of numbers: [String], options: String = "{}") throws -> (PublishStage.Outcome, [String]) {
        let peer = try ScriptedPeer(saying: numbers.map { "[16,3,\(options),\"com.example.bench\",[\($0)]]" })
        let outcome = try peer.meet { router in
            try PublishStage(count: 5).run(on: router, listening: {}, second: { _ in })
        }
        return (outcome, peer.heard())
    }

    @Test func probesAreNotCounted() throws {
        let (outcome, answer) = try outcome(of: ["0", "0", "1", "2", "3", "4", "5"])
        #expect(outcome.publications == 5)
        #expect(outcome.lost == 0 && outcome.wrong == 0)
        #expect(answer.isEmpty)
    }

    @Test func gapsAndDisorderAreSeen() throws {
        let (outcome, _) = try outcome(of: ["1", "4", "3", "\"x\"", "5"])
        #expect(outcome.lost == 2)
        #expect(outcome.wrong == 2)
    }

    @Test func acknowledgementsAreSent() throws {
        let (_, answers) = try outcome(of: ["1", "2", "3", "4", "5"], options: #"{"acknowledge":true}"#)
        #expect(answers == (1001...1005).map { "[17,3,\($0)]" })
    }
}
