/// A violation by a WebSocket's server, and the close code that reports it (RFC 6455 section 7.4.1).
struct WebSocketViolation: Error, Equatable {
    /// 1002 protocol error, 1003 unacceptable data, 1007 not UTF-8, 1009 too large.
    let closeCode: UInt16
    /// Completes "the router ...".
    let message: String
}
