/// The invocations under way, each with the time at which it was sent.
///
/// Ids are assigned in sequence, and an id's slot is its remainder. There are many more slots than invocations under
/// way, so that a late answer does not block the others.
struct PendingCalls {
    private static let slots = 1 << 16

    private var ids = [Int](repeating: 0, count: slots)
    private var times = [UInt64](repeating: 0, count: slots)

    /// How many are under way.
    private(set) var count = 0

    /// Adds an invocation; false if its slot is still taken by an older one.
    mutating func insert(_ request: Int, sentAt time: UInt64) -> Bool {
        let slot = request & (Self.slots - 1)
        guard ids[slot] == 0 else { return false }
        ids[slot] = request
        times[slot] = time
        count += 1
        return true
    }

    /// Removes an invocation and returns when it was sent; nil if it is not under way. The id may be any number.
    mutating func remove(_ request: Int) -> UInt64? {
        let slot = request & (Self.slots - 1)
        guard request > 0, ids[slot] == request else { return nil }
        ids[slot] = 0
        count -= 1
        return times[slot]
    }
}
