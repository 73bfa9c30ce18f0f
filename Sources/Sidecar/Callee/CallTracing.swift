import NIOCore
import SidecarConfiguration

/// Which calls are reported when they have ended: all, the slow ones, or none. Pure.
struct CallTracing {
    /// Calls that take so many nanoseconds are reported: the only thing that each call is compared with.
    private let least: Int64
    /// Those that take so many are slow.
    private let slow: Int64

    /// Takes the file's settings.
    init(_ log: LogSettings) {
        let slow = log.slow.map { TimeAmount($0).nanoseconds } ?? .max
        self.slow = slow
        self.least =
            switch log.level {
            case .trace, .debug: 0
            case .info: slow
            case .notice, .warning, .error: .max
            }
    }

    /// Whether a call is reported that took so long.
    func isReported(_ time: TimeAmount) -> Bool { time.nanoseconds >= self.least }

    /// Whether it is because it was slow.
    func isSlow(_ time: TimeAmount) -> Bool { time.nanoseconds >= self.slow }
}
