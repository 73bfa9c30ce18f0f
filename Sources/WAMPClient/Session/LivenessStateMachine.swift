import NIOCore

/// Finds a dead peer: asks for a sign of life after some silence, and gives up after more of it.
///
/// Sans I/O; the driver reports octets that arrived (cheap, at each read) and calls `check` when the deadline of the
/// last answer has come. Octets count, whatever they are: a peer that is busy with a long message is alive. So is one
/// that reads what we send.
struct LivenessStateMachine: ~Copyable {
    /// What the driver does next.
    enum Action: Sendable, Equatable {
        /// Call `check` again at this time.
        case wait(until: NIODeadline)
        /// Send a ping (or its substitute), then call `check` again at this time.
        case probe(thenAt: NIODeadline)
        /// The peer is dead, after so long a silence: close the connection.
        case dead(silence: TimeAmount)
    }

    private enum State {
        case hearing
        case probing(since: NIODeadline)
    }

    private var state: State = .hearing
    private var lastHeard: NIODeadline
    /// The time from the last answered probe to its answer.
    private(set) var roundTrip: TimeAmount?
    private let interval: TimeAmount
    private let patience: TimeAmount

    /// - Parameters:
    ///   - interval: silence after which to ask for a sign of life.
    ///   - patience: silence after which the peer is dead; longer than `interval`.
    init(interval: TimeAmount, patience: TimeAmount, now: NIODeadline) {
        self.interval = interval
        self.patience = max(patience, interval)
        self.lastHeard = now
    }

    /// When `check` is due for the first time.
    var firstCheck: NIODeadline { self.lastHeard + self.interval }

    /// Octets arrived.
    mutating func heard(at now: NIODeadline) {
        if case .probing(let since) = self.state { self.roundTrip = now - since }
        self.took(at: now)
    }

    /// The peer read some of our octets.
    mutating func took(at now: NIODeadline) {
        self.lastHeard = now
        self.state = .hearing
    }

    /// The deadline has come.
    ///
    /// A probe always has `patience - interval` for its answer, however late this is called: a process that was stopped
    /// for a minute must not mistake its own absence for the router's.
    mutating func check(at now: NIODeadline) -> Action {
        switch self.state {
        case .hearing:
            let due = self.lastHeard + self.interval
            guard now >= due else {
                return .wait(until: due)
            }
            self.state = .probing(since: now)
            return .probe(thenAt: now + (self.patience - self.interval))
        case .probing(let since):
            let due = since + (self.patience - self.interval)
            guard now >= due else {
                return .wait(until: due)
            }
            return .dead(silence: now - self.lastHeard)
        }
    }
}
