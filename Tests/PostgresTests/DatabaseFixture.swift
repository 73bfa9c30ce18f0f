import NIOCore
import NIOEmbedded

@testable import Postgres

/// A database that never answers, on an event loop whose time is the test's.
struct DatabaseFixture {
    /// Without threads no attempt to connect ever returns. Kept, because its end would fail those that have their own
    /// thread.
    private static let connector = Connector(connections: 0)

    private let eventLoop = EmbeddedEventLoop()
    let environment: DatabaseEnvironment

    init(url: String = "host=db.example.com connect_timeout=5") throws {
        self.environment = DatabaseEnvironment(
            settings: try ConnectionSettings(url: url, password: nil), eventLoop: self.eventLoop,
            watcher: try Watcher(eventLoop: self.eventLoop), connector: Self.connector,
            statementTimeout: .seconds(30), backoff: { _ in .seconds(1) })
    }

    /// The time of the event loop. Where `NIOEmbedded` is not imported, `eventLoop.now` is that of the wall.
    var now: NIODeadline { self.eventLoop.now }

    func advance(by time: TimeAmount) {
        self.eventLoop.advanceTime(by: time)
    }
}

/// Notes how work ended.
final class WorkLog: WorkHandler {
    private(set) var outcomes: [WorkOutcome] = []

    func received(_ row: borrowing ResultRow, of work: Work) {}

    func restarted(_ work: Work) {}

    func ended(_ work: Work, outcome: WorkOutcome) {
        self.outcomes.append(outcome)
    }
}
