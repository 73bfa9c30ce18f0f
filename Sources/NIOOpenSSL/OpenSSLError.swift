internal import COpenSSL

/// One entry of OpenSSL's error queue, which belongs to the thread.
struct OpenSSLError: Equatable {
    private let code: UInt

    /// Its reason, if it is one of libssl's.
    var sslReason: Int32? {
        wamp_tls_error_library(self.code) == wamp_tls_library_ssl() ? wamp_tls_error_reason(self.code) : nil
    }

    /// True if a PEM file simply has no more blocks.
    var isEndOfPEM: Bool {
        wamp_tls_error_library(self.code) == ERR_LIB_PEM && wamp_tls_error_reason(self.code) == PEM_R_NO_START_LINE
    }

    /// OpenSSL's own words.
    var text: String {
        guard let text = unsafe ERR_reason_error_string(self.code) else { return "error \(self.code)" }
        return unsafe String(cString: text)
    }

    /// Discards what earlier calls have left: before each call whose result is checked.
    static func clear() {
        ERR_clear_error()
    }

    /// Takes everything that the last call has left, the cause first. OpenSSL bounds the queue.
    static func drain() -> [OpenSSLError] {
        var errors: [OpenSSLError] = []
        while case let code = wamp_tls_take_error(), code != 0 {
            errors.append(OpenSSLError(code: code))
        }
        return errors
    }
}
