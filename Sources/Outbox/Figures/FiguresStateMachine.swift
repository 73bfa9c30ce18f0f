import NIOCore
import Names

/// When the leader asks the database for ``OutboxFigures``, and for how long the answer is believed.
///
/// One question is under way at a time, in the session that empties the outbox: so it is sent when nothing else is
/// under way there, and one that took long is not repeated soon. Without an answer there are no figures.
struct FiguresStateMachine: ~Copyable {
    /// The shortest time from an answer to the next question.
    static let interval = TimeAmount.seconds(15)
    /// The questions take no more than this part of the session's time.
    static let share: Int64 = 50
    /// For how long a session that is never idle is spared.
    static let patience = TimeAmount.seconds(15)
    /// How long the next answer may take, from when its question is sent at the latest.
    static let longestAnswer = TimeAmount.seconds(15)

    enum TickAction: Equatable {
        case nothing
        case ask
    }

    enum FailureAction: Equatable {
        case nothing
        /// It is the first of its kind.
        case report(String)
    }

    private enum State {
        /// Another sidecar leads, or none.
        case elsewhere
        case waiting(until: NIODeadline)
        case asked(at: NIODeadline)
    }

    private var state = State.elsewhere
    private var answer: (figures: OutboxFigures, until: NIODeadline)?
    /// The SQLSTATEs that were reported.
    private var reported: Set<ExactText> = []

    /// The figures, if they are known and not too old.
    func figures(at now: NIODeadline) -> OutboxFigures? {
        guard let answer = self.answer, now < answer.until else { return nil }
        return answer.figures
    }

    /// This sidecar leads from now on.
    mutating func lead(at now: NIODeadline) {
        self.state = .waiting(until: now)
        self.answer = nil
    }

    mutating func stopLeading() {
        self.state = .elsewhere
        self.answer = nil
    }

    /// Called at intervals.
    ///
    /// - Parameter isIdle: nothing is under way in the session.
    mutating func ticked(isIdle: Bool, at now: NIODeadline) -> TickAction {
        switch self.state {
        case .waiting(let until) where now >= until && (isIdle || now - until >= Self.patience):
            self.state = .asked(at: now)
            return .ask
        case .elsewhere, .waiting, .asked:
            return .nothing
        }
    }

    /// The database has answered.
    mutating func answered(_ figures: OutboxFigures, at now: NIODeadline) {
        switch self.state {
        case .asked(let began):
            let pause = self.pause(began: began, at: now)
            self.state = .waiting(until: now + pause)
            self.answer = (figures, now + pause + Self.patience + Self.longestAnswer)
        case .elsewhere, .waiting:
            break
        }
    }

    /// The database has answered with an error: the figures are not known.
    mutating func failed(sqlstate: String, reason: String, at now: NIODeadline) -> FailureAction {
        switch self.state {
        case .asked(let began):
            self.state = .waiting(until: now + self.pause(began: began, at: now))
            self.answer = nil
            return self.reported.insert(ExactText(sqlstate)).inserted ? .report(reason) : .nothing
        case .elsewhere, .waiting:
            return .nothing
        }
    }

    /// There will be no answer.
    mutating func unanswered(at now: NIODeadline) {
        switch self.state {
        case .asked: self.state = .waiting(until: now + Self.interval)
        case .elsewhere, .waiting: break
        }
    }

    private func pause(began: NIODeadline, at now: NIODeadline) -> TimeAmount {
        max(Self.interval, (now - began) * Self.share)
    }
}
