/// How many publications may wait for the router's acknowledgement at once.
///
/// A router that queues what it has to say to a client, and drops what does not fit (nexus queues 64 messages), loses
/// acknowledgements that come in bursts. So the window is narrow until the router has shown that it answers with the window full.
/// Where an answer is lost it is narrow again, for good.
///
/// A value without I/O; its owner is the connection, and the router hands it on to the next.
struct PublishWindow: Equatable {
    /// What every router can take.
    static let narrow = 64
    /// The widest: more does not make anything faster.
    static let wide = 1024
    /// So many answers in a row, each with the window more than half full, double it.
    static let proof = 512

    /// How many may be under way.
    private(set) var width = Self.narrow
    private(set) var underWay = 0
    private var answers = 0
    /// Whether an answer was lost, ever.
    private(set) var hasLost = false

    /// Whether another may be sent.
    var hasRoom: Bool { self.underWay < self.width }

    /// One was sent.
    mutating func sent() {
        self.underWay += 1
    }

    /// One was answered.
    mutating func answered() {
        let isProof = self.underWay * 2 > self.width
        self.ended()
        guard isProof, !self.hasLost, self.width < Self.wide else { return }
        self.answers += 1
        guard self.answers >= Self.proof else { return }
        self.answers = 0
        self.width = min(self.width * 2, Self.wide)
    }

    /// One is waited for no longer.
    mutating func ended() {
        self.underWay = max(self.underWay - 1, 0)
    }

    /// An answer did not come.
    mutating func lost() {
        self.hasLost = true
        self.width = Self.narrow
    }

    /// The window of the next session: only what was lost is remembered.
    var next: PublishWindow {
        var window = PublishWindow()
        window.hasLost = self.hasLost
        return window
    }
}
