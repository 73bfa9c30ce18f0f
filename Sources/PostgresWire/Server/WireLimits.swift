/// The limits for what a client sends.
package struct WireLimits: Sendable, Hashable {
    /// The longest startup packet, in octets.
    package var startup: Int
    /// The longest message before the client is authenticated, in octets.
    package var authentication: Int
    /// The longest message after that, in octets.
    package var query: Int
    /// The most octets that may arrive ahead while a query runs.
    package var waiting: Int

    /// The defaults before authentication are PostgreSQL's own; a query may be as long as the longest WAMP message.
    package init(startup: Int = 10_000, authentication: Int = 1024, query: Int = 1 << 24, waiting: Int = 1 << 20) {
        self.startup = startup
        self.authentication = authentication
        self.query = query
        self.waiting = waiting
    }
}
