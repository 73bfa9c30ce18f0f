internal import Glibc

/// What a service manager (systemd, or a container engine in its place) put into the environment: where to report, and
/// how often. See sd_notify(3) and sd_watchdog_enabled(3).
package struct ServiceManagerSettings: Sendable, Equatable {
    /// The socket that takes the reports, as the manager writes it: a path, or a name behind `@`.
    let address: String
    /// After so many microseconds without a sign of life the manager ends the process; nil if it does not watch.
    let watchdog: Int64?

    /// A day is as good as any longer time.
    private static let longest: Int64 = 86_400_000_000

    /// Nil if nobody waits for reports.
    ///
    /// - Parameter process: this process; the watchdog may be meant for another one that shares the environment.
    package init?(environment: [String: String], process: Int32 = getpid()) {
        guard let address = environment["NOTIFY_SOCKET"], !address.isEmpty else { return nil }
        self.address = address
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
        let time = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        self.watchdog = isMeant && time > 0 ? min(time, Self.longest) : nil
    }
}
