/// An event of the outbox that must not be sent (again), and why.
struct DeadLetter: Equatable {
    let event: Int64
    let topic: String
    /// The error's URI.
    let error: String
    /// The fault, for people.
    let message: String
    /// How often the event was sent to the router.
    let attempts: Int
}
