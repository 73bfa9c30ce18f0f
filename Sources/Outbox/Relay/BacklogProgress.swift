package import NIOCore

/// How far the relay is with a large backlog, for the log. Pure: the caller measures the time.
///
/// Nothing is counted in the table for it. A scan that has found as many rows as it may leaves others behind, so there
/// is a backlog as long as each scan is like that.
struct BacklogProgress: Equatable {
    /// The time between two reports. A backlog that comes while the relay works is reported after so long.
    static let interval = TimeAmount.seconds(10)

    /// A report.
    enum Report: Equatable {
        /// The relay begins with a backlog.
        case found
        /// More is left.
        case progress(OutboxProgress)
        /// Nothing is left.
        case over(OutboxProgress)
    }

    private enum State: Equatable {
        /// No scan has ended yet.
        case fresh
        /// The last scan has left nothing.
        case none
        /// A backlog, which is not reported yet.
        case silent(since: NIODeadline, read: Int)
        case reported(since: NIODeadline, read: Int, last: NIODeadline)
    }

    private var state = State.fresh

    /// A scan has ended.
    ///
    /// - Parameters:
    ///   - leavesRows: whether it has found as many rows as it may.
    ///   - rows: the number of rows that it has found.
    ///   - read: the number of all events that were read so far.
    mutating func scanned(leavesRows: Bool, rows: Int, read: Int, at now: NIODeadline) -> Report? {
        switch (self.state, leavesRows) {
        case (.fresh, true):
            self.state = .reported(since: now, read: read - rows, last: now)
            return .found
        case (.none, true):
            self.state = .silent(since: now, read: read - rows)
            return nil
        case (.silent(let since, let before), true):
            guard now - since >= Self.interval else { return nil }
            self.state = .reported(since: since, read: before, last: now)
            return .progress(OutboxProgress(sent: read - before, time: now - since))
        case (.reported(let since, let before, let last), true):
            guard now - last >= Self.interval else { return nil }
            self.state = .reported(since: since, read: before, last: now)
            return .progress(OutboxProgress(sent: read - before, time: now - since))
        case (.reported(let since, let before, _), false):
            self.state = .none
            return .over(OutboxProgress(sent: read - before, time: now - since))
        case (.fresh, false), (.none, false), (.silent, false):
            self.state = .none
            return nil
        }
    }
}

/// What has been sent of a backlog.
package struct OutboxProgress: Sendable, Equatable {
    /// The number of events that were handed to the router.
    package let sent: Int
    /// The time that it took.
    package let time: TimeAmount

    /// Events a second.
    package var rate: Int { self.sent * 1000 / max(Int(self.time.nanoseconds / 1_000_000), 1) }
}

extension OutboxEvent {
    /// A report about a backlog.
    init(_ report: BacklogProgress.Report) {
        switch report {
        case .found: self = .backlogFound
        case .progress(let progress): self = .backlogShrinks(progress)
        case .over(let progress): self = .backlogOver(progress)
        }
    }
}
