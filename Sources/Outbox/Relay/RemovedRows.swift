/// The rows that a statement deletes from the outbox: runs of ids without a gap, which an index finds at once, and
/// single ids.
struct RemovedRows: Equatable {
    /// A shorter run isn't worth its own statement.
    static let shortestRun = 8

    private(set) var singles: [Int64] = []
    private(set) var runs: [ClosedRange<Int64>] = []

    /// - Parameter ids: the rows' ids, each once, in any order.
    init(_ ids: [Int64]) {
        var rest = ids.sorted()[...]
        while let first = rest.first {
            var length = 1
            while length < rest.count, rest[rest.startIndex + length] == first &+ Int64(length) { length += 1 }
            if length >= Self.shortestRun {
                self.runs.append(first...first + Int64(length - 1))
            } else {
                self.singles.append(contentsOf: rest.prefix(length))
            }
            rest = rest.dropFirst(length)
        }
    }
}
