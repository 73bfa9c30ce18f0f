package import NIOCore
package import Postgres

/// Deletes dead letters after their time, while this sidecar leads. On the event loop.
package final class DeadLetterExpiry {
    private static let interval = TimeAmount.hours(1)

    private let statement: String
    private let keep: TimeAmount
    private let control: Control
    private let eventLoop: any EventLoop
    private let observer: (OutboxEvent) -> Void
    private var next: Scheduled<Void>?

    /// - Parameters:
    ///   - schema: the schema of the SQL interface, as an identifier.
    ///   - keep: the age at which dead letters are deleted.
    package init(
        schema: String, keep: TimeAmount, control: Control, eventLoop: any EventLoop,
        observer: @escaping (OutboxEvent) -> Void
    ) {
        self.statement = """
            select \(schema).dead_letter_expire(pg_catalog.make_interval(secs => $1::pg_catalog.float8))
            """
        self.keep = keep
        self.control = control
        self.eventLoop = eventLoop
        self.observer = observer
    }

    /// From now on once an hour.
    package func begin() {
        self.end()
        self.expire()
    }

    package func end() {
        self.next?.cancel()
        self.next = nil
    }

    private func expire() {
        var values = Parameters()
        values.append("\(self.keep.nanoseconds / 1_000_000_000)")
        self.control.query(self.statement, values) { result in
            // A dead letter that could not be deleted now is deleted in an hour.
            guard case .success(let rows) = result, let count = rows.values.first?.first?.flatMap({ Int($0) }) else {
                return
            }
            if count > 0 { self.observer(.deadLettersExpired(count)) }
        }
        self.next = self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { self.expire() }
    }
}
