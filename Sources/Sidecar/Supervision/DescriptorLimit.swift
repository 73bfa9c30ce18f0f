import Glibc

/// The process's limit of open descriptors: the call port's clients must leave enough for the router, the database and
/// the files.
enum DescriptorLimit {
    /// Raises the soft limit, which is low for the sake of programs that call select(), to the hard one.
    ///
    /// - Returns: the resulting limit.
    @discardableResult
    static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return self.leastKnown }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// The minimum of POSIX systems.
    private static let leastKnown = 256
}
