import NIOCore
import TestChecks
import Testing

@testable import Postgres

@Suite("The control connection, while there is none")
struct ControlTests {
    private let fixture: DatabaseFixture
    private let control: Control

    init() throws {
        self.fixture = try DatabaseFixture()
        self.control = Control(environment: self.fixture.environment) { _ in }
        self.control.start()
    }

    private static let refused = Result<Rows, QueryFailure>.failure(
        .unavailable("there is no connection to the database"))

    @Test("a question waits as long as its patience, and not longer")
    func patience() {
        var answers: [String] = []
        self.control.query("select 1", patience: .seconds(2)) { answer in
            check(answer, Self.refused)
            answers.append("short")
        }
        self.control.query("select 2") { answer in
            check(answer, Self.refused)
            answers.append("usual")
        }
        self.fixture.advance(by: .milliseconds(1900))
        check(answers, [])
        self.fixture.advance(by: .milliseconds(100))
        check(answers, ["short"])
        self.fixture.advance(by: .milliseconds(2900))
        check(answers, ["short"])
        self.fixture.advance(by: .milliseconds(100))
        check(answers, ["short", "usual"])
    }

    @Test("the end answers all waiting questions, each once")
    func stop() {
        var answers = 0
        self.control.query("select 1") { _ in answers += 1 }
        self.control.describe("select 1", role: nil) { _ in answers += 1 }
        self.control.cancel(backend: 1) { answers += 1 }
        check(answers, 0)
        self.control.stop()
        check(answers, 3)
        self.fixture.advance(by: .seconds(60))
        check(answers, 3)
    }

    @Test("of too many questions the oldest are refused")
    func tooMany() {
        var refused: [Int] = []
        for number in 0..<Control.mostWaiting { self.control.query("select") { _ in refused.append(number) } }
        check(refused, [])
        self.control.query("select") { _ in }
        check(refused, [0])
    }
}
