/// An event of the outbox that is not to be sent (again), and why.
struct DeadLetter: Equatable {
    let event: Int64
    let topic: String
    /// The error's URI.
    let error: String
    /// What is wrong, for people.
    let message: String
    /// How often the router was sent the event.
    let attempts: Int
}
