import NIOCore

/// How the events of one subscription reach their function: one after another, or several at once. On the event loop.
protocol EventFlow: AnyObject {
    /// An event has come.
    func append(_ event: ReceivedEvent)
    /// The process ends, or the subscription was removed: events that can't run now become dead letters instead of
    /// waiting.
    func end()
    /// Sends no more. Returns the events that did not run.
    func stop() -> [ReceivedEvent]
    /// Sends nothing more until it is resumed. Events under way run to their end.
    func suspend(_ isSuspended: Bool)
    /// Gives up the events that came while suspended. Returns how many those were.
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
