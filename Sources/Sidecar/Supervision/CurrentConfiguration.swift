import SidecarConfiguration

/// The configuration in force. On the event loop.
final class CurrentConfiguration {
    var now: Configuration

    init(_ configuration: Configuration) {
        self.now = configuration
    }
}
