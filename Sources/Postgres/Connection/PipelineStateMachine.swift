internal import DequeModule

/// Which result belongs to which command, on a connection in pipeline mode.
///
/// Each unit of work is a segment: its commands one after the other, then a Sync. libpq returns the results in the same
/// order: for each command its results and an end, for each Sync one sync without an end. *A segment's outcome counts
/// only when its sync has come*: deferred constraints and serialization fail at commit, after the rows.
///
/// A result that does not fit the machine's position is the sidecar's own misunderstanding of libpq, or comes from a
/// server that is not PostgreSQL: the action is ``Action/broken`` and the connection is given up. Nothing is silently
/// dropped.
struct PipelineStateMachine: ~Copyable {
    /// A command of a segment.
    enum Command: Equatable {
        case deallocate(Statement)
        case prepare(Statement)
        case begin
        case prelude
        /// The parsing of a statement without a name.
        case parse
        /// Its description.
        case describe
        case main
        case commit
        case sync
    }

    /// The driver's task for a result.
    enum Action: Equatable {
        /// Nothing to do.
        case none
        /// The rows of this result are the work's.
        case handRowsOver
        /// This result describes the work's statement.
        case handDescriptionOver
        /// The segment's first error: keep it.
        case keepError
        /// This statement is prepared now.
        case remember(Statement)
        /// This statement was not prepared.
        case forget(Statement)
        /// As ``forget``, and this is the segment's first error.
        case forgetAndKeepError(Statement)
        /// The segment is over: committed, or rolled back if an error was kept.
        case endSegment
        /// An impossible result. Give the connection up.
        case broken
    }

    private struct Segment {
        let commands: [Command]
        var position = 0
        var hasFailed = false
        /// The error of a failed commit comes in place of the sync, and has its own end.
        var isEndOfCommitDue = false

        /// The command whose results are next.
        var current: Command {
            self.position < self.commands.count ? self.commands[self.position] : .sync
        }
    }

    /// The commands of nearly every segment. Constants, so that a call costs no allocation for them.
    static let main: [Command] = [.main]
    static let preludeAndMain: [Command] = [.prelude, .main]

    private var segments = Deque<Segment>()

    /// The number of segments whose sync has not come.
    var depth: Int { self.segments.count }

    /// Whether the next results are the rows of a work's own command.
    var isAtMain: Bool { self.segments.first?.current == .main }

    /// A segment was sent: these commands, then a Sync.
    mutating func sent(_ commands: [Command]) {
        self.segments.append(Segment(commands: commands))
    }

    /// A result came. COPY is not handled here: it damages the pipeline beyond repair.
    mutating func received(_ kind: QueryResult.Kind) -> Action {
        guard !self.segments.isEmpty else { return .broken }
        let current = self.segments[0].current
        switch kind {
        case .sync:
            guard current == .sync else { return .broken }
            self.segments.removeFirst()
            return .endSegment
        case .rows, .row:
            switch current {
            case .main: return .handRowsOver
            case .prelude: return .none
            case .deallocate, .prepare, .parse, .describe, .begin, .commit, .sync: return .broken
            }
        case .command:
            if current == .describe { return .handDescriptionOver }
            if case .prepare(let statement) = current { return .remember(statement) }
            return current == .sync ? .broken : .none
        case .skipped:
            guard current != .sync else { return .broken }
            if case .prepare(let statement) = current { return .forget(statement) }
            return .none
        case .error:
            if current == .sync { self.segments[0].isEndOfCommitDue = true }
            let isFirst = !self.segments[0].hasFailed
            self.segments[0].hasFailed = true
            if case .prepare(let statement) = current {
                return isFirst ? .forgetAndKeepError(statement) : .forget(statement)
            }
            return isFirst ? .keepError : .none
        case .copy:
            return .broken
        }
    }

    /// The results of one command have ended.
    mutating func commandEnded() -> Action {
        guard !self.segments.isEmpty else { return .broken }
        guard self.segments[0].current == .sync else {
            self.segments[0].position += 1
            return .none
        }
        guard self.segments[0].isEndOfCommitDue else { return .broken }
        self.segments[0].isEndOfCommitDue = false
        return .none
    }
}
