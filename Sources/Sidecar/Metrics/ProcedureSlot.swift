import NIOCore
import Names
import WAMP

/// How a call has ended, as far as its caller sees.
enum CallResultKind: String, CaseIterable {
    case ok
    case error
    case invalid
    case denied
    case timeout
    /// Nobody waits for it any more: it was canceled, or the session with the router has ended.
    case canceled
    case unavailable
    case tooLarge = "too_large"

    /// Takes the URI of the error that it was answered with.
    init(error: URI) {
        self = Self.kinds[error] ?? .error
    }

    private static let kinds: [URI: CallResultKind] = [
        WAMPError.invalidArgument: .invalid, WAMPError.notAuthorized: .denied, WAMPError.timeout: .timeout,
        WAMPError.canceled: .canceled, WAMPError.unavailable: .unavailable, WAMPError.payloadSizeExceeded: .tooLarge,
    ]

    /// Its place in the counts.
    fileprivate var index: Int {
        switch self {
        case .ok: 0
        case .error: 1
        case .invalid: 2
        case .denied: 3
        case .timeout: 4
        case .canceled: 5
        case .unavailable: 6
        case .tooLarge: 7
        }
    }
}

/// What is counted of the calls of one procedure. On the event loop.
///
/// Each call that was received ends once, or is in progress.
final class ProcedureSlot: MetricSlot {
    let label: String
    private(set) var received = 0
    private var ends = [Int](repeating: 0, count: CallResultKind.allCases.count)
    /// How long it took from a call's arrival to its answer, whatever that was.
    private(set) var duration = Histogram()
    /// How often a function was run once more for the same call.
    var retries = 0
    /// Rows that the database has returned.
    var rows = 0
    /// How its calls do of late.
    private(set) var trend = RouteTrend()

    init(label: String) {
        self.label = label
    }

    /// How many calls have ended in a way.
    func ended(_ kind: CallResultKind) -> Int { self.ends[kind.index] }

    /// How many calls have ended.
    var ended: Int { self.ends.reduce(0, +) }

    /// A call came.
    func callCame() {
        self.received += 1
    }

    /// A call has ended, so long after it came.
    func callEnded(_ kind: CallResultKind, after time: TimeAmount) {
        self.ends[kind.index] += 1
        self.duration.observe(nanoseconds: time.nanoseconds)
    }

    /// Time has passed.
    func look(at now: NIODeadline) {
        self.trend.look(self.received, self.duration, at: now)
    }

    func add(_ other: ProcedureSlot) {
        self.received += other.received
        for index in self.ends.indices { self.ends[index] += other.ends[index] }
        self.duration.add(other.duration)
        self.retries += other.retries
        self.rows += other.rows
    }
}
