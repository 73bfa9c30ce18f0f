/// The bounds of values that several keys share.
enum Bounds {
    /// The bounds of durations for work. The server counts `statement_timeout` in 31 bits of milliseconds, which is a
    /// little over 24 days.
    static let timeout: ClosedRange<Duration> = .milliseconds(1) ... .seconds(24 * 86_400)

    /// Of `shutdown_timeout`.
    static let shutdown: ClosedRange<Duration> = .milliseconds(1) ... .seconds(3600)

    /// Of `dead_letter.keep`.
    static let keep: ClosedRange<Duration> = .seconds(60) ... .seconds(36_500 * 86_400)

    /// Of `admin.stuck_after`.
    static let stuck: ClosedRange<Duration> = .seconds(1) ... .seconds(86_400)

    /// Of `log.slow`.
    static let slow: ClosedRange<Duration> = .milliseconds(1) ... .seconds(86_400)

    /// The bounds of a result's size: libpq accepts no value beyond a gibibyte.
    static let result = 1...(1 << 30)

    /// Of a WAMP id.
    static let id: ClosedRange<Int64> = 1...(1 << 53)
}
