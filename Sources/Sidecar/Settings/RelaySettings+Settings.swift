import NIOCore
import Outbox
import SidecarConfiguration

extension RelaySettings {
    /// Takes the file's settings.
    init(_ settings: OutboxSettings) {
        self.init(
            eventID: settings.eventID, batch: settings.batch,
            acknowledgeTimeout: TimeAmount(settings.acknowledgeTimeout), attempts: settings.attempts)
    }
}
