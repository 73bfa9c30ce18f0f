/// Whether the listener certainly listens: it must not fail silently.
///
/// On a new connection LISTEN runs for each channel; then the server is asked, on the same connection, for the channels
/// that it listens to. Any doubt (an error, another answer, no answer in time) ends the connection, and all begins
/// again.
struct ListenerStateMachine: ~Copyable {
    /// "could not access status of transaction": the notification queue contains an entry of a transaction whose status
    /// vacuum has removed.
    static let brokenQueue = "58P01"

    private enum State {
        case disconnected
        case subscribing(left: Int)
        case listening
        case asking(number: Int)
    }

    enum Action: Equatable {
        case none
        /// All channels are listened to.
        case isListening
        /// Ask for the channels that the session listens to; return the answer's number.
        case ask(number: Int)
        /// Give the connection up.
        case reconnect(reason: String)
        /// As ``reconnect``, but advance the notification queue first.
        case healQueue
    }

    private(set) var channels: Set<String>
    private var state = State.disconnected
    private var lastNumber = 0

    init(channels: Set<String>) {
        self.channels = channels
    }

    /// Whether every LISTEN has been answered.
    var isHearing: Bool {
        switch self.state {
        case .disconnected, .subscribing: false
        case .listening, .asking: true
        }
    }

    /// Another channel is added.
    ///
    /// - Returns: whether LISTEN must run for it now; otherwise it runs with the next connection.
    mutating func add(_ channel: String) -> Bool {
        guard self.channels.insert(channel).inserted else { return false }
        switch self.state {
        case .disconnected:
            return false
        case .subscribing(let left):
            self.state = .subscribing(left: left + 1)
            return true
        case .listening, .asking:
            self.state = .subscribing(left: 1)
            return true
        }
    }

    mutating func connected() {
        self.state = .subscribing(left: self.channels.count)
    }

    mutating func disconnected() {
        self.state = .disconnected
    }

    mutating func subscribed() -> Action {
        guard case .subscribing(let left) = self.state else { return .none }
        guard left > 1 else {
            self.state = .listening
            return .isListening
        }
        self.state = .subscribing(left: left - 1)
        return .none
    }

    mutating func failed(sqlstate: String?, reason: String) -> Action {
        if case .disconnected = self.state { return .none }
        self.state = .disconnected
        return sqlstate == Self.brokenQueue ? .healQueue : .reconnect(reason: reason)
    }

    /// The next check is due.
    mutating func timeToAsk() -> Action {
        guard case .listening = self.state else { return .none }
        self.lastNumber += 1
        self.state = .asking(number: self.lastNumber)
        return .ask(number: self.lastNumber)
    }

    mutating func answered(_ channels: Set<String>, number: Int) -> Action {
        guard case .asking(number) = self.state else { return .none }
        guard channels.isSuperset(of: self.channels) else {
            self.state = .disconnected
            return .reconnect(reason: "the session no longer listens to all channels")
        }
        self.state = .listening
        return .none
    }

    /// The check was sent so long ago that its answer is overdue.
    mutating func answerIsOverdue(number: Int) -> Action {
        guard case .asking(number) = self.state else { return .none }
        self.state = .disconnected
        return .reconnect(reason: "the server did not answer in time")
    }
}
