/// Room for the long documents that come in at the port: each may have as much as a router takes, and all come from
/// connections that are open anyway. First come, first served.
struct DocumentRoom {
    private struct Place {
        let number: Int32
        let octets: Int
    }

    /// How many octets may be there at a time.
    let capacity: Int
    private var taken: [Int32: Int] = [:]
    private var waiting: [Place] = []

    /// - Parameter capacity: at least the longest document.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// What is taken.
    var used: Int { self.taken.values.reduce(0, +) }

    /// A document has announced itself on the connection of this number.
    ///
    /// - Returns: whether it may come; if not, it waits.
    mutating func ask(_ number: Int32, octets: Int) -> Bool {
        guard self.waiting.isEmpty, self.used + octets <= self.capacity else {
            self.waiting.append(Place(number: number, octets: octets))
            return false
        }
        self.taken[number] = octets
        return true
    }

    /// A connection's document is gone, or waits no more.
    ///
    /// - Returns: those whose documents may come now.
    mutating func leave(_ number: Int32) -> [Int32] {
        self.waiting.removeAll { $0.number == number }
        self.taken[number] = nil
        var admitted: [Int32] = []
        while let first = self.waiting.first, self.used + first.octets <= self.capacity {
            self.waiting.removeFirst()
            self.taken[first.number] = first.octets
            admitted.append(first.number)
        }
        return admitted
    }
}
