/// How the events of one subscription reach their function: one after another, or several at once. On the event loop.
protocol EventFlow: AnyObject {
    /// An event came.
    func append(_ event: ReceivedEvent)
    /// Sends no more. Returns what was not run.
    func stop() -> [ReceivedEvent]
    /// Whether all events have run, or are written to the dead letters.
    var isIdle: Bool { get }
}
