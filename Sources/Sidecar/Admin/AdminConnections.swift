/// Decides which connections to the admin port stay when there are too many: whoever comes gets in, and whoever has been
/// silent for longest leaves. Clients that hold connections keep nobody out.
struct AdminConnections {
    /// The most connections at a time.
    static let limit = 32

    /// In the order of their last answer, or of their arrival where there was none.
    private var order: [Int] = []

    var count: Int { self.order.count }

    /// Who has been silent for longest.
    var quietest: Int? { self.order.first }

    /// A connection has come.
    ///
    /// - Returns: the one that has to go for it; nil: there is room.
    mutating func arrived(_ number: Int) -> Int? {
        let quietest = self.order.count >= Self.limit ? self.order.removeFirst() : nil
        self.order.append(number)
        return quietest
    }

    /// A connection was answered.
    mutating func answered(_ number: Int) {
        guard let index = self.order.firstIndex(of: number) else { return }
        self.order.remove(at: index)
        self.order.append(number)
    }

    /// A connection is gone.
    mutating func left(_ number: Int) {
        self.order.removeAll { $0 == number }
    }
}
