import Postgres

/// Listens to the database's notifications, and passes each to its receiver. On the event loop.
final class Channels: Part {
    private let listener: Listener
    /// The channel on which the SQL interface announces changes of mappings.
    private let mappingChannel: String

    init(
        environment: DatabaseEnvironment, mappingChannel: String, notifications: NotificationRelay,
        sqlMappings: SQLMappings, subscriptions: Subscriptions, observer: @escaping (DatabaseEvent) -> Void
    ) {
        self.mappingChannel = mappingChannel
        self.listener = Listener(
            environment: environment, channels: notifications.channels, observer: observer,
            receiver: { channel, payload in
                if channel == mappingChannel {
                    sqlMappings.read()
                    subscriptions.retryLetters()
                }
                notifications.received(channel: channel, payload: payload)
            })
    }

    func start() {
        self.listener.start()
    }

    func follow(_ situation: Situation, from former: Situation) {
        if situation.hasBegunToStop(since: former) { self.listener.stop() }
        if situation.hasLooked(since: former), situation.isInstalled, !situation.isStopping {
            self.listener.listen(to: self.mappingChannel)
        }
    }
}
