import NIOCore
import Testing
import WAMP

@testable import WAMPClient

/// Which requests are sent again, and when.
@Suite struct RepetitionsTests {
    private let start = NIODeadline.now()
    private let patience = TimeAmount.seconds(5)
    private let ids: [RequestID]

    init() throws {
        self.ids = try (0..<20).map { try #require(RequestID($0 + 1)) }
    }

    private func asked(_ count: Int) -> Repetitions {
        var repetitions = Repetitions()
        for id in self.ids.prefix(count) { repetitions.sent(id, patience: self.patience, at: self.start) }
        return repetitions
    }

    private func lost(_ indices: Int...) -> [Repetitions.Due] {
        indices.map { Repetitions.Due(original: self.ids[$0], isLost: true) }
    }

    @Test func whatOthersHaveOvertakenIsLost() {
        var repetitions = self.asked(5)
        for index in [0, 2, 4] { #expect(repetitions.ended(self.ids[index], isAnswered: true) == []) }
        #expect(repetitions.due(at: self.start + .seconds(4)) == [])
        #expect(repetitions.nextCheck == self.start + self.patience)
        #expect(repetitions.due(at: self.start + .seconds(5)) == self.lost(1, 3))
    }

    @Test func whileNothingComesOnlyTheOldestIsAskedAgain() {
        var repetitions = self.asked(5)
        let first = self.start + .seconds(5)
        #expect(repetitions.due(at: first) == [Repetitions.Due(original: self.ids[0], isLost: false)])
        repetitions.repeated(self.ids[0], as: self.ids[10], at: first)
        #expect(repetitions.due(at: first + .seconds(4)) == [])
        let second = first + .seconds(5)
        #expect(repetitions.due(at: second) == [Repetitions.Due(original: self.ids[0], isLost: false)])
        repetitions.repeated(self.ids[0], as: self.ids[11], at: second)
        #expect(repetitions.due(at: second + .seconds(5)) == [])
        // It is given up: the next one is tried.
        _ = repetitions.ended(self.ids[0], isAnswered: false)
        #expect(repetitions.due(at: second + .seconds(10)) == [Repetitions.Due(original: self.ids[1], isLost: false)])
    }

    @Test func theAnswerToTheRepetitionShowsThatTheOthersAreLost() {
        var repetitions = self.asked(3)
        let first = self.start + .seconds(5)
        _ = repetitions.due(at: first)
        repetitions.repeated(self.ids[0], as: self.ids[10], at: first)
        #expect(repetitions.original(of: self.ids[10]) == self.ids[0])
        #expect(repetitions.ended(self.ids[0], isAnswered: true) == [self.ids[10]])
        #expect(repetitions.original(of: self.ids[10]) == self.ids[10])
        #expect(repetitions.nextCheck.map { $0 <= first } == true)
        #expect(repetitions.due(at: first) == self.lost(1, 2))
    }

    @Test func nothingIsAskedMoreThanThreeTimes() {
        var repetitions = self.asked(1)
        var now = self.start
        for time in 0..<Repetitions.most - 1 {
            now = now + self.patience
            #expect(repetitions.due(at: now).map(\.original) == [self.ids[0]])
            repetitions.repeated(self.ids[0], as: self.ids[10 + time], at: now)
        }
        #expect(repetitions.due(at: now + self.patience) == [])
        #expect(repetitions.nextCheck == nil)
        #expect(repetitions.ended(self.ids[0], isAnswered: false) == [self.ids[10], self.ids[11]])
    }

    @Test func whatIsGivenUpOvertakesNothing() {
        var repetitions = self.asked(2)
        _ = repetitions.ended(self.ids[1], isAnswered: false)
        #expect(repetitions.due(at: self.start + .seconds(5)).map(\.isLost) == [false])
    }
}
