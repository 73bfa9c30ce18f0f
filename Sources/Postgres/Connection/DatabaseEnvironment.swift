package import NIOCore

/// What everything that connects to one database shares.
package struct DatabaseEnvironment {
    package let settings: ConnectionSettings
    package let eventLoop: any EventLoop
    package let watcher: Watcher
    package let connector: Connector
    /// The deadline that the server is given for calls that have none of their own.
    package let statementTimeout: TimeAmount
    /// How long to wait before the attempt of this number, counted from 0.
    package let backoff: (_ attempt: Int) -> TimeAmount
    /// All connections that are kept open.
    let group = ConnectionGroup()
    /// The role that logs in, if it is not that of ``settings``.
    private(set) var login: DatabaseLogin?
    /// Of whoever logs in.
    private(set) var ender = BackendEnder()

    package init(
        settings: ConnectionSettings, eventLoop: any EventLoop, watcher: Watcher, connector: Connector,
        statementTimeout: TimeAmount, backoff: @escaping (_ attempt: Int) -> TimeAmount
    ) {
        self.settings = settings
        self.eventLoop = eventLoop
        self.watcher = watcher
        self.connector = connector
        self.statementTimeout = statementTimeout
        self.backoff = backoff
    }

    /// The same database for another role.
    package func loggingIn(with login: DatabaseLogin) -> DatabaseEnvironment {
        var other = self
        other.login = login
        other.ender = BackendEnder()
        return other
    }

    /// With what the next connection is made.
    var effectiveSettings: ConnectionSettings {
        self.login?.credentials.map { self.settings.with($0) } ?? self.settings
    }
}
