/// How the events of one subscription reach their function: one after another, or several at once. On the event loop.
protocol EventFlow: AnyObject {
    /// An event came.
    func append(_ event: ReceivedEvent)
    /// The process ends, or the subscription is no more: what can't be run now becomes a dead letter instead of waiting.
    func end()
    /// Sends no more. Returns what was not run.
    func stop() -> [ReceivedEvent]
    /// Whether all events have run, or are written to the dead letters.
    var isIdle: Bool { get }
}
