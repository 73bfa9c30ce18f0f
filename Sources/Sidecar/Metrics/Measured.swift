/// What writes metrics when somebody asks for them: from what it has, of which nothing is kept twice. On the event loop.
protocol Measured {
    /// Writes all families that are its.
    func measure(into exposition: inout Exposition)
}
