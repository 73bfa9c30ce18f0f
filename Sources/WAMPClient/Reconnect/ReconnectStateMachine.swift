import NIOCore

/// Decides which URL to connect to, and when: each in turn, without end, with backoff.
///
/// Sans I/O: its driver (`Router`) does what an action says and reports the result. Times are handed in, and so is the
/// randomness. Calls that do not fit the state are the late ends of attempts that were given up (silent drop).
struct ReconnectStateMachine: ~Copyable {
    /// Why an attempt or a session ended, as far as the wait that follows depends on it.
    enum Ending: Sendable, Equatable {
        /// Anything that may be better next time.
        case transient
        /// The router refused our credentials, or we do not trust it. Tried again after a long wait, because nothing
        /// will change soon.
        case credentials
        /// An administrator ended the session: an immediate attempt would be rude.
        case killed
        /// The router refused the serializer, and is asked for another one: not a failure yet.
        case serializer
    }

    /// What the driver does next.
    enum Action: Sendable, Equatable {
        /// Connect to the URL with this index.
        case connect(url: Int)
        /// Set the timer and call `timerFired` after it.
        case wait(TimeAmount)
        /// Nothing.
        case nothing
    }

    /// What the driver does to stop.
    enum StopAction: Sendable, Equatable {
        /// Nothing runs: stopped.
        case stopped
        /// Stop the timer; stopped.
        case stopTimer
        /// End the attempt or the session, and call `ended` when it is closed.
        case close
    }

    private enum State {
        case idle
        case connecting
        case joined(since: NIODeadline)
        case waiting
        case closing
        case stopped
    }

    private var state: State = .idle
    private var failures = 0
    private var url = 0
    private var nextURL = 0
    private let urls: Int
    private let backoff: Backoff
    private let credentialsWait: (least: TimeAmount, greatest: TimeAmount)
    private let stableAfter: TimeAmount

    /// A killed session waits at least as long as if that many attempts had failed.
    private static let failuresOfKilled = 6

    /// - Parameters:
    ///   - urls: how many there are to try in turn; at least one.
    ///   - backoff: the waits after failures.
    ///   - credentialsWait: the range of waits after refused credentials.
    ///   - stableAfter: how long a session must have lasted to reset the backoff.
    init(
        urls: Int, backoff: Backoff, credentialsWait: (least: TimeAmount, greatest: TimeAmount),
        stableAfter: TimeAmount
    ) {
        self.urls = max(urls, 1)
        self.backoff = backoff
        self.credentialsWait = credentialsWait
        self.stableAfter = stableAfter
    }

    /// Whether `stop` was called.
    var isStopping: Bool {
        switch self.state {
        case .closing, .stopped: return true
        case .idle, .connecting, .joined, .waiting: return false
        }
    }

    /// Begins; later calls do nothing.
    mutating func start() -> Action {
        switch self.state {
        case .idle:
            return self.connect()
        case .connecting, .joined, .waiting, .closing, .stopped:
            return .nothing
        }
    }

    /// The wait is over.
    mutating func timerFired() -> Action {
        switch self.state {
        case .waiting:
            return self.connect()
        case .idle, .connecting, .joined, .closing, .stopped:
            return .nothing
        }
    }

    /// WELCOME has arrived.
    mutating func joined(at now: NIODeadline) {
        switch self.state {
        case .connecting:
            self.state = .joined(since: now)
        case .idle, .joined, .waiting, .closing, .stopped:
            break
        }
    }

    /// The attempt failed or the session is over, and its channel is closed.
    ///
    /// - Parameter random: a number from 0 to 1.
    mutating func ended(_ ending: Ending, at now: NIODeadline, random: Double) -> Action {
        switch self.state {
        case .connecting:
            break
        case .joined(let since):
            if now - since >= self.stableAfter {
                self.failures = 0
            }
        case .closing:
            self.state = .stopped
            return .nothing
        case .idle, .waiting, .stopped:
            return .nothing
        }
        switch ending {
        case .serializer:
            self.state = .connecting
            return .connect(url: self.url)
        case .transient:
            self.failed()
            return .wait(self.backoff.delay(failures: self.failures, random: random))
        case .credentials:
            self.failed()
            return .wait(Backoff.between(self.credentialsWait.least, self.credentialsWait.greatest, random: random))
        case .killed:
            self.failed()
            self.failures = max(self.failures, Self.failuresOfKilled)
            let bound = self.backoff.bound(failures: self.failures)
            return .wait(Backoff.between(.nanoseconds(bound.nanoseconds / 2), bound, random: random))
        }
    }

    /// No more attempts.
    mutating func stop() -> StopAction {
        switch self.state {
        case .idle, .stopped:
            self.state = .stopped
            return .stopped
        case .waiting:
            self.state = .stopped
            return .stopTimer
        case .connecting, .joined, .closing:
            self.state = .closing
            return .close
        }
    }

    private mutating func failed() {
        self.failures = min(self.failures + 1, 1_000_000)
        self.state = .waiting
    }

    private mutating func connect() -> Action {
        self.url = self.nextURL
        self.nextURL = (self.url + 1) % self.urls
        self.state = .connecting
        return .connect(url: self.url)
    }
}
