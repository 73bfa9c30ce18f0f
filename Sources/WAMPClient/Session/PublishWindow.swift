/// How many publications may wait for the router's acknowledgement at once.
///
/// A router that queues its messages to a client, and drops what does not fit (nexus queues 64), loses acknowledgements
/// that come in bursts. So the window is narrow until the router has shown that it answers with the window full. After
/// a lost answer it is narrow again, permanently.
///
/// A value without I/O; its owner is the connection, and the router passes it on to the next one.
struct PublishWindow: Equatable {
    /// Every router copes with this.
    static let narrow = 64
    /// The widest: more does not make anything faster.
    static let wide = 1024
    /// So many answers in a row, each with the window more than half full, double the window.
    static let proof = 512

    /// How many publications may be under way.
    private(set) var width = Self.narrow
    private(set) var underWay = 0
    private var answers = 0
    /// True if an answer was ever lost.
    private(set) var hasLost = false

    /// Whether another publication may be sent.
    var hasRoom: Bool { self.underWay < self.width }

    /// A publication was sent.
    mutating func sent() {
        self.underWay += 1
    }

    /// A publication was answered.
    mutating func answered() {
        let isProof = self.underWay * 2 > self.width
        self.ended()
        guard isProof, !self.hasLost, self.width < Self.wide else { return }
        self.answers += 1
        guard self.answers >= Self.proof else { return }
        self.answers = 0
        self.width = min(self.width * 2, Self.wide)
    }

    /// The wait for a publication has ended.
    mutating func ended() {
        self.underWay = max(self.underWay - 1, 0)
    }

    /// An answer did not arrive.
    mutating func lost() {
        self.hasLost = true
        self.width = Self.narrow
    }

    /// The window of the next session: it remembers only lost answers.
    var next: PublishWindow {
        var window = PublishWindow()
        window.hasLost = self.hasLost
        return window
    }
}
