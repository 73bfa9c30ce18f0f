internal import NIOCore

/// Which backend is asked to cancel, and when its connection may be used again.
///
/// A cancel is a signal to a backend, not to a unit of work: near the end of the intended work it hits the next one. So
/// from the request on nothing is sent to that connection, until both the work has ended and the server has sent the
/// signal. Until then there is no second request for it either. Work that was sent earlier behind the intended work may
/// still be hit, and runs again (``Attempts``).
///
/// A backend that reads at that moment ignores the signal: it has not begun the work yet, or is between two of its
/// commands. So the signal is sent again and again until the work has ended.
struct CancelStateMachine: ~Copyable {
    private enum State {
        case none
        /// The control connection was asked for the signal.
        case asked(number: Int)
        /// The signal was sent at this time, and the intended work has not ended.
        case signaled(at: NIODeadline)
        /// The intended work has ended; the signal may still come.
        case outlived(number: Int)
    }

    /// The driver's task for a connection.
    enum Action: Equatable {
        case none
        /// Send nothing more there, have its backend signaled, and read the running work to its end. Return the number
        /// later.
        case cancel(number: Int)
        /// Work may be sent there again. The work that runs now may itself be unwanted.
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

    /// There can be more connections.
    mutating func grow(to slots: Int) {
        while self.slots.count < slots { self.slots.append(.none) }
    }

    /// The running work of a connection is unwanted.
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
