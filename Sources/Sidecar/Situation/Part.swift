import NIOCore
import Names

/// A part of the sidecar that follows the situation. On the event loop.
protocol Part: AnyObject {
    /// The situation has changed. Parts are called in the order of their dependence: the parts that this one builds on
    /// know already.
    func follow(_ situation: Situation, from former: Situation)

    /// Whether everything that `ready` waits for has been decided.
    var isSettled: Bool { get }

    /// The complaints about things that do not work.
    var complaints: ComplaintSummary { get }

    /// What those are about; nil: the part never complains.
    var faultKind: FaultKind? { get }

    /// Since when work waits, none of which was done; nil: none does, as far as is known.
    var waitingSince: NIODeadline? { get }

    /// How long ``drain(completion:)`` may take; nil: as long as the whole process may.
    var drainPatience: TimeAmount? { get }

    /// Accepts nothing new and finishes the work under way; calls `completion` once when that is done.
    func drain(completion: @escaping () -> Void)

    /// Gives up the unfinished work.
    func stop()
}

extension Part {
    var isSettled: Bool { true }
    var complaints: ComplaintSummary { ComplaintSummary() }
    var faultKind: FaultKind? { nil }
    var waitingSince: NIODeadline? { nil }
    var drainPatience: TimeAmount? { nil }
    func drain(completion: @escaping () -> Void) { completion() }
    func stop() {}
}
