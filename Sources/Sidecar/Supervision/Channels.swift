import Names
import Postgres
import SidecarConfiguration

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

    /// The file was read again.
    func take(_ change: EntryChanges<NotificationMapping>) {
        for mapping in change.removed where !ExactText.areSame(mapping.channel, self.mappingChannel) {
            self.listener.stopListening(to: mapping.channel)
        }
        for mapping in change.added { self.listener.listen(to: mapping.channel) }
    }

    func follow(_ situation: Situation, from former: Situation) {
        if situation.hasBegunToStop(since: former) { self.listener.stop() }
        if situation.hasLooked(since: former), situation.isInstalled, !situation.isStopping {
            self.listener.listen(to: self.mappingChannel)
        }
    }
}
