package import NIOCore

/// The environment that all connections to one database share.
package struct DatabaseEnvironment {
    package let settings: ConnectionSettings
    package let eventLoop: any EventLoop
    package let watcher: Watcher
    package private(set) var connector: Connector
    /// The deadline that the server gets for calls without one.
    package let statementTimeout: TimeAmount
    /// The delay before the attempt of this number, counted from 0.
    package let backoff: (_ attempt: Int) -> TimeAmount
    /// All connections that are kept open.
    let group = ConnectionGroup()
    /// The role that logs in, if it is another than that of ``settings``.
    private(set) var login: DatabaseLogin?
    /// The backend ender of the role that logs in.
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

    /// The same for connections that are made on other threads.
    func connecting(with connector: Connector) -> DatabaseEnvironment {
        var other = self
        other.connector = connector
        return other
    }

    /// The settings of the next connection.
    var effectiveSettings: ConnectionSettings {
        self.login?.credentials.map { self.settings.with($0) } ?? self.settings
    }
}
