internal import CEpoll

/// The operating system's text for an `errno`.
enum SystemError {
    /// Thread-safe, unlike `strerror`.
    static func text(_ errno: Int32) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress, unsafe wamp_sidecar_error_text(errno, base, buffer.count) == 0 else {
                return "error \(errno)"
            }
            return unsafe String(cString: base)
        }
    }
}
