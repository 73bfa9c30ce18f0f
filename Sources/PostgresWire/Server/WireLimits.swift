/// How much of what a client sends is taken.
package struct WireLimits: Sendable, Hashable {
    /// The longest startup packet, in octets.
    package var startup: Int
    /// The longest message before the client has proved who it is, in octets.
    package var authentication: Int
    /// The longest message after that, in octets.
    package var query: Int
    /// The most that may be sent ahead while a query runs, in octets.
    package var waiting: Int

    /// The defaults are PostgreSQL's own before authentication; a query has the most that a WAMP router takes.
    package init(startup: Int = 10_000, authentication: Int = 1024, query: Int = 1 << 24, waiting: Int = 1 << 20) {
        self.startup = startup
        self.authentication = authentication
        self.query = query
        self.waiting = waiting
    }
}
