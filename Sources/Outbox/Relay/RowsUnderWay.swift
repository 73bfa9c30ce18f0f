/// The rows that were read and are not known to be deleted.
struct RowsUnderWay {
    private(set) var count = 0
    private(set) var octets = 0
    /// The highest of their ids; the highest of all while the next scan would find one of them again.
    private(set) var highest: Int64 = .min

    /// A row was read, and will be published.
    ///
    /// - Parameter isFoundAgain: the next scan finds it again, unless it is deleted before.
    mutating func add(_ id: Int64, octets: Int, isFoundAgain: Bool) {
        self.count += 1
        self.octets += octets
        self.highest = max(self.highest, isFoundAgain ? .max : id)
    }

    /// So many are not under way any more.
    mutating func remove(_ count: Int, octets: Int) {
        self.count -= count
        self.octets -= octets
        if self.count == 0 { self.highest = .min }
    }
}
