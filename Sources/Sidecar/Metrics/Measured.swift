/// What writes metrics for a scrape, from what it has: nothing is kept twice. On the event loop.
protocol Measured {
    /// Writes all families that are its.
    func measure(into exposition: inout Exposition)
}
