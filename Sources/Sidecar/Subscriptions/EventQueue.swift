/// Events that wait to be sent, in their order; the common part of both machines.
protocol EventQueue {
    associatedtype Event

    /// Whether all events have run, or their dead letters are written.
    var isIdle: Bool { get }
    /// Whether an event waits to be sent.
    var hasWaiting: Bool { get }
    /// How many wait to be sent.
    var waitingCount: Int { get }
    /// How many are on their way to the function, wait for their delay, or are on their way to the dead letters.
    var inProgressCount: Int { get }
    /// The event that waits longest, by and large.
    var firstWaiting: Event? { get }
    /// While it is true nothing is sent, and nothing given up: another sidecar may have to run the new events.
    var isSuspended: Bool { get set }

    /// An event has come.
    mutating func append(_ event: Event)
    /// Removes the events that came while suspended.
    mutating func drop() -> [Event]
    /// Nothing is sent until ``resume()``: the function is not known, or can't be called.
    mutating func hold()
    /// The delay is over, or the function has been looked up.
    mutating func resume()
    /// Gives up the event that would be sent next.
    mutating func giveUpFirst() -> (event: Event, attempts: Int)?
    /// The dead letter of an event that was given up is written, or can't be.
    mutating func buried()
    /// Nothing more is sent. Returns the waiting events.
    mutating func stop() -> [Event]
}

extension EventQueueStateMachine: EventQueue {}
extension ConcurrentQueueStateMachine: EventQueue {}
