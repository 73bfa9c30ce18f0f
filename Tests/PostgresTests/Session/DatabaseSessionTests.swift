import NIOCore
import TestChecks
import Testing

@testable import Postgres

@Suite("A session, while there is none")
struct DatabaseSessionTests {
    private final class Delegate: DatabaseSessionDelegate {
        private(set) var failures: [String] = []

        func connected(_ session: DatabaseSession, backend: Int32, serverVersion: Int32) {}
        func lost(_ session: DatabaseSession, reason: String?) {}

        func connectFailed(_ session: DatabaseSession, _ failure: ConnectFailure) {
            self.failures.append(failure.description)
        }
    }

    @Test("a statement is not kept for later: it fails at once")
    func query() throws {
        let fixture = try DatabaseFixture()
        let delegate = Delegate()
        let session = DatabaseSession(part: .leader, environment: fixture.environment, delegate: delegate)
        session.start()
        check(session.isConnected, false)
        check(session.backend, nil)
        var answers: [Result<Rows, QueryFailure>] = []
        session.query(Statement("select 1")) { answers.append($0) }
        let log = WorkLog()
        session.send(Statement("select 1"), Parameters(), handler: log)
        check(answers, [.failure(.unavailable("there is no connection to the database"))])
        check(log.outcomes, [.unknown(reason: "there is no connection to the database")])
    }

    @Test("an attempt that does not return is reported to the delegate, until the session is stopped")
    func overdue() throws {
        let fixture = try DatabaseFixture()
        let delegate = Delegate()
        let session = DatabaseSession(part: .leader, environment: fixture.environment, delegate: delegate)
        session.start()
        fixture.advance(by: .seconds(15))
        check(delegate.failures.count, 1)
        let stopped = DatabaseSession(part: .leader, environment: fixture.environment, delegate: delegate)
        stopped.start()
        stopped.stop()
        fixture.advance(by: .seconds(60))
        check(delegate.failures.count, 1)
    }

    @Test("a listener connects as soon as there is a channel, and not before")
    func listener() throws {
        let fixture = try DatabaseFixture()
        var events = 0
        let listener = Listener(environment: fixture.environment, channels: []) { _ in
            events += 1
        } receiver: { _, _ in
        }
        listener.start()
        fixture.advance(by: .seconds(60))
        check(events, 0)
        listener.listen(to: "orders")
        fixture.advance(by: .seconds(60))
        check(events, 1)
        listener.stop()
    }
}
