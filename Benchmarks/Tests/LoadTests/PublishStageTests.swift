import Glibc
import Testing

@testable import load

struct PublishStageTests {
    /// What a stage of five numbers makes of the given publications, and what it answered.
    private func outcome(of numbers: [String], options: String = "{}") throws -> (PublishStage.Outcome, String) {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { close(ends[1]) }
        var frames = OutgoingBytes()
        for number in numbers {
            frames.beginFrame()
            frames.append(Array("[16,3,\(options),\"com.example.bench\",[\(number)]]".utf8))
            frames.endFrame()
        }
        try #require(write(ends[1], frames.bytes, frames.bytes.count) == frames.bytes.count)
        let router = RouterEnd(connection: try Connection(descriptor: ends[0]))
        let outcome = try PublishStage(count: 5).run(on: router, listening: {}, second: { _ in })
        var answer = [UInt8](repeating: 0, count: 1000)
        let count = recv(ends[1], &answer, answer.count, Int32(MSG_DONTWAIT))
        return (outcome, String(decoding: answer.prefix(max(0, count)), as: UTF8.self))
    }

    @Test func probesAreNotCounted() throws {
        let (outcome, answer) = try outcome(of: ["0", "0", "1", "2", "3", "4", "5"])
        #expect(outcome.publications == 5)
        #expect(outcome.lost == 0 && outcome.wrong == 0)
        #expect(answer == "")
    }

    @Test func gapsAndDisorderAreSeen() throws {
        let (outcome, _) = try outcome(of: ["1", "4", "3", "\"x\"", "5"])
        #expect(outcome.lost == 2)
        #expect(outcome.wrong == 2)
    }

    @Test func acknowledgementsAreSent() throws {
        let (_, answer) = try outcome(of: ["1", "2", "3", "4", "5"], options: #"{"acknowledge":true}"#)
        #expect(answer.contains("[17,3,"))
    }
}
