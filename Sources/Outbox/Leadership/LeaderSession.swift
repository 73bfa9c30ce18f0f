package import Postgres

/// The session in which a sidecar leads, for the work that is done in it. On the event loop.
package protocol LeaderSession: AnyObject {
    /// See ``DatabaseSession/isHeld``.
    var isHeld: Bool { get }
    /// See ``DatabaseSession/isIdle``.
    var isIdle: Bool { get }
    /// See ``DatabaseSession/query(_:_:completion:)``.
    func query(
        _ statement: Statement, _ parameters: Parameters,
        completion: @escaping (Result<Rows, QueryFailure>) -> Void)
    /// See ``DatabaseSession/listen(to:completion:)``.
    func listen(to channel: String, completion: @escaping (Result<Rows, QueryFailure>) -> Void)
    /// See ``DatabaseSession/send(_:_:isSet:handler:)``.
    func send(_ statement: Statement, _ parameters: Parameters, isSet: Bool, handler: any WorkHandler)
    func flush()
    func renewIfGrown()
    /// See ``DatabaseSession/abandon(_:isHung:)``.
    func abandon(_ reason: String, isHung: Bool)
}

/// The same, for ``Leadership``, which also opens and closes it.
protocol OwnedLeaderSession: LeaderSession {
    var isConnected: Bool { get }
    func start()
    func stop()
}

extension DatabaseSession: OwnedLeaderSession {}
