/// Events that wait to be sent, in the order in which they are; what both machines of them have in common.
protocol EventQueue {
    associatedtype Event

    /// Whether all events have run, or their letters are written.
    var isIdle: Bool { get }
    /// Whether an event waits to be sent.
    var hasWaiting: Bool { get }
    /// How many wait to be sent.
    var waitingCount: Int { get }
    /// How many are on their way to the function, wait for their delay, or are on their way to the dead letters.
    var inProgressCount: Int { get }
    /// The event that waits longest, by and large.
    var firstWaiting: Event? { get }
    /// Nothing is sent, and nothing given up, as long as it is true: whether what comes meanwhile is ours to run is not known.
    var isSuspended: Bool { get set }

    /// An event came.
    mutating func append(_ event: Event)
    /// Takes away those that came while suspended.
    mutating func drop() -> [Event]
    /// Nothing is sent until ``resume()``: the function is not known, or can't be called.
    mutating func hold()
    /// The delay is over, or the function has been looked up.
    mutating func resume()
    /// Gives up the event that would be sent next.
    mutating func giveUpFirst() -> (event: Event, attempts: Int)?
    /// The letter of an event that was given up is written, or can't be.
    mutating func buried()
    /// Nothing more is sent. Returns what waits.
    mutating func stop() -> [Event]
}

extension EventQueueStateMachine: EventQueue {}
extension ConcurrentQueueStateMachine: EventQueue {}
