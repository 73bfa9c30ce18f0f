import Glibc

/// The monotonic clock, in nanoseconds.
enum Clock {
    /// Nanoseconds since some moment in the past; read in user space, in about 30 ns.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
