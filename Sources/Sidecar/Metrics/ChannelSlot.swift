/// Why a notification was not relayed, as it is counted.
enum NotificationLoss: String, CaseIterable {
    case noSession = "no_session"
    /// It was not known which sidecar leads, and too many waited.
    case undecided
    /// It was left to another sidecar, which leads and has it too.
    case leftToLeader = "left_to_leader"
    /// The router read slowly, and too many waited.
    case routerIsSlow = "router_slow"
    /// Its payload is not what the mapping wants, or no router can read it.
    case invalid
    case tooLarge = "too_large"
    /// The router refused it, or the topic is none.
    case refused
    /// Notifications of the channel have ended sessions: none is sent for a while.
    case held
    /// The call that it caused failed.
    case callFailed = "call_failed"

    /// Its place in the counts.
    fileprivate var index: Int {
        switch self {
        case .noSession: 0
        case .undecided: 1
        case .leftToLeader: 2
        case .routerIsSlow: 3
        case .invalid: 4
        case .tooLarge: 5
        case .refused: 6
        case .held: 7
        case .callFailed: 8
        }
    }
}

/// What is counted of the notifications of one channel. On the event loop.
///
/// Each notification that was received is relayed or dropped at last, and waits or is in progress until then.
final class ChannelSlot: MetricSlot {
    let label: String
    private(set) var received = 0
    private(set) var relayed = 0
    private var losses = [Int](repeating: 0, count: NotificationLoss.allCases.count)
    /// Those that the router has, or waits for, and has not answered.
    private(set) var inProgress = 0

    init(label: String) {
        self.label = label
    }

    /// How many were dropped for a reason.
    func dropped(_ reason: NotificationLoss) -> Int { self.losses[reason.index] }

    /// How many have ended.
    var ended: Int { self.relayed + self.losses.reduce(0, +) }

    /// One came that is ours to relay, or may be.
    func notificationCame() {
        self.received += 1
    }

    /// Its end is not known yet.
    func notificationBegan() {
        self.inProgress += 1
    }

    /// What has begun is over: the end is counted besides.
    func notificationEnded() {
        self.inProgress -= 1
    }

    /// It is relayed.
    func notificationRelayed() {
        self.relayed += 1
    }

    /// It is not relayed.
    func notificationDropped(_ reason: NotificationLoss) {
        self.losses[reason.index] += 1
    }

    func add(_ other: ChannelSlot) {
        self.received += other.received
        self.relayed += other.relayed
        for index in self.losses.indices { self.losses[index] += other.losses[index] }
        self.inProgress += other.inProgress
    }
}
