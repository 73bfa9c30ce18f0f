import NIOCore

/// How the events of one subscription reach their function: one after another, or several at once. On the event loop.
protocol EventFlow: AnyObject {
    /// An event came.
    func append(_ event: ReceivedEvent)
    /// The process ends, or the subscription is no more: what can't be run now becomes a dead letter instead of waiting.
    func end()
    /// Sends no more. Returns what was not run.
    func stop() -> [ReceivedEvent]
    /// Sends nothing more until it is told otherwise. What is on its way runs to its end.
    func suspend(_ isSuspended: Bool)
    /// Gives up what came while suspended. Returns how many those were.
    func drop() -> Int
    /// How many events wait to be sent.
    var waitingCount: Int { get }
    /// How many are on their way to the function, or to the dead letters.
    var inProgressCount: Int { get }
    /// When the oldest of those came that wait; nil: none does.
    var oldestArrival: NIODeadline? { get }
    /// Whether all events have run, or are written to the dead letters.
    var isIdle: Bool { get }
}
