package import NIOCore
import Postgres

/// Asks the database how much waits in it, while this sidecar leads. On the event loop. The driver of
/// ``FiguresStateMachine``.
package final class FiguresWatch {
    private static let tick = TimeAmount.seconds(1)
    private static let malformed = "outbox_figures: its answer is malformed"

    private let statement: Statement
    private let eventLoop: any EventLoop
    private let observer: (OutboxEvent) -> Void
    private var machine = FiguresStateMachine()
    private var database: (any LeaderSession)?
    private var timer: Scheduled<Void>?

    /// - Parameter schema: the schema of the SQL interface, as an identifier.
    package init(schema: String, eventLoop: any EventLoop, observer: @escaping (OutboxEvent) -> Void) {
        self.statement = OutboxFigures.statement(schema: schema)
        self.eventLoop = eventLoop
        self.observer = observer
    }

    /// The figures, while this sidecar leads and they are known.
    package var figures: OutboxFigures? { self.machine.figures(at: self.eventLoop.now) }

    /// This sidecar leads, by this session.
    package func lead(_ database: any LeaderSession) {
        self.stopLeading()
        self.database = database
        self.machine.lead(at: self.eventLoop.now)
        self.schedule()
    }

    /// This sidecar leads no more. An answer that still comes is dropped.
    package func stopLeading() {
        self.timer?.cancel()
        self.timer = nil
        self.database = nil
        self.machine.stopLeading()
    }

    private func schedule() {
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: Self.tick) {
            self.schedule()
            // What is not read is not answered.
            guard let database = self.database, !database.isHeld else { return }
            switch self.machine.ticked(isIdle: database.isIdle, at: self.eventLoop.now) {
            case .nothing: break
            case .ask: self.ask(database)
            }
        }
    }

    private func ask(_ database: any LeaderSession) {
        database.query(self.statement, Parameters()) { result in
            let now = self.eventLoop.now
            switch result {
            case .success(let rows):
                guard let figures = OutboxFigures(rows) else {
                    return self.run(self.machine.failed(sqlstate: "", reason: Self.malformed, at: now))
                }
                self.machine.answered(figures, at: now)
            case .failure(.server(let error)):
                self.run(self.machine.failed(sqlstate: error.sqlstate, reason: error.description, at: now))
            case .failure(.unavailable):
                self.machine.unanswered(at: now)
            }
        }
    }

    private func run(_ action: FiguresStateMachine.FailureAction) {
        switch action {
        case .nothing: break
        case .report(let reason): self.observer(.figuresUnknown(reason: reason))
        }
    }
}
