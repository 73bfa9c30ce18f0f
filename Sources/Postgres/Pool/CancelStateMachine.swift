internal import NIOCore

/// Which backend is asked to cancel what it runs, and what is sent there meanwhile: nothing.
///
/// A cancel is a signal to a backend, not to a unit of work: near the end of what it is meant for it hits what runs
/// next. So from the moment it is asked for nothing is sent to that connection, until both the work has ended and the
/// server has sent the signal. Until then no other cancel is asked for there either: one at a time. What was sent
/// behind that work before may be hit all the same, and is run again (``Attempts``).
///
/// A backend that reads at that moment ignores the signal: one that has not begun with the work yet, or is between two
/// of its commands. So the signal is sent again and again until the work has ended.
struct CancelStateMachine: ~Copyable {
    private enum State {
        case none
        /// The control connection was asked for the signal.
        case asked(number: Int)
        /// The signal was sent at this time, and what it was meant for has not ended.
        case signaled(at: NIODeadline)
        /// What the signal was meant for has ended; it may still come.
        case outlived(number: Int)
    }

    /// What the driver does with a connection.
    enum Action: Equatable {
        case none
        /// Send nothing there any more, have its backend signaled, and read what it runs to its end. Give the number
        /// back.
        case cancel(number: Int)
        /// Work may be sent there again. What runs now may be wanted no more itself.
        case reopen
    }

    /// How long after a signal the next one is sent. A function that catches the first has that long to clean up.
    static let patience = TimeAmount.seconds(1)

    private var slots: [State]
    private var lastNumber = 0

    /// - Parameter slots: how many connections there can be.
    init(slots: Int) {
        self.slots = [State](repeating: .none, count: slots)
    }

    /// What a connection runs is wanted no more.
    mutating func interrupted(slot: Int) -> Action {
        switch self.slots[slot] {
        case .none: self.ask(slot)
        case .asked, .signaled, .outlived: .none
        }
    }

    /// Time has passed.
    mutating func ticked(slot: Int, at now: NIODeadline) -> Action {
        switch self.slots[slot] {
        case .signaled(let signaled) where now - signaled >= Self.patience: self.ask(slot)
        case .none, .asked, .signaled, .outlived: .none
        }
    }

    private mutating func ask(_ slot: Int) -> Action {
        self.lastNumber += 1
        self.slots[slot] = .asked(number: self.lastNumber)
        return .cancel(number: self.lastNumber)
    }

    /// The server has sent the signal of this number, or can't.
    mutating func signaled(slot: Int, number: Int, at now: NIODeadline) -> Action {
        switch self.slots[slot] {
        case .asked(number):
            self.slots[slot] = .signaled(at: now)
            return .none
        case .outlived(number):
            self.slots[slot] = .none
            return .reopen
        case .none, .asked, .signaled, .outlived:
            return .none
        }
    }

    /// The first of what was under way on a connection has ended.
    mutating func ended(slot: Int) -> Action {
        switch self.slots[slot] {
        case .asked(let number):
            self.slots[slot] = .outlived(number: number)
            return .none
        case .signaled:
            self.slots[slot] = .none
            return .reopen
        case .none, .outlived:
            return .none
        }
    }

    /// The connection is gone, and its backend with it.
    mutating func disconnected(slot: Int) {
        self.slots[slot] = .none
    }
}
