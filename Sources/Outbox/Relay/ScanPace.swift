import NIOCore

/// How long the relay waits between two scans while it is awake.
struct ScanPace {
    /// How long without rows before it tries to sleep.
    static let linger = TimeAmount.milliseconds(20)
    /// Between a scan that found few rows and the next.
    static let pace = TimeAmount.milliseconds(1)
    /// Between scans that each find more than a few rows: more of them share the costs of a scan.
    static let busyPace = TimeAmount.milliseconds(5)
    static let few = 4
    /// A scan that took longer than this and was not full is followed by a pause of ``costFactor`` times as long.
    static let dearScan = TimeAmount.milliseconds(5)
    static let costFactor: Int64 = 3
    /// Between scans that found nothing; doubling from `pace`.
    static let longestPause = TimeAmount.milliseconds(10)
    /// The longest pause of all.
    static let mostPause = TimeAmount.milliseconds(300)

    private var lastRows: NIODeadline
    private var pause = Self.pace
    /// Before that time nothing is read, unless something happens.
    private(set) var nextRead: NIODeadline = .distantPast

    /// It begins, with a scan.
    init(at now: NIODeadline) {
        self.lastRows = now
    }

    /// Whether there has been nothing for so long that it may try to sleep.
    func isIdle(at now: NIODeadline) -> Bool {
        now - self.lastRows >= Self.linger && self.pause > Self.pace
    }

    /// It is awake again: there is something to read, or to look for.
    mutating func wokeUp(at now: NIODeadline) {
        self.lastRows = now
        self.pause = Self.pace
        self.nextRead = now
    }

    /// A scan of held topics has ended: the others keep their turn.
    mutating func heldWereRead(at now: NIODeadline) {
        self.lastRows = now
    }

    /// A scan has ended.
    ///
    /// - Parameters:
    ///   - isFull: it found as many rows as one scan may find.
    ///   - cost: its duration.
    mutating func scanEnded(rows: Int, isFull: Bool, cost: TimeAmount, at now: NIODeadline) {
        let rest =
            cost > Self.dearScan ? min(.nanoseconds(cost.nanoseconds * Self.costFactor), Self.mostPause) : .zero
        if rows > 0 {
            self.lastRows = now
            self.pause = Self.pace
            self.nextRead = isFull ? now : now + max(rows > Self.few ? Self.busyPace : Self.pace, rest)
        } else {
            self.nextRead = now + max(self.pause, rest)
            self.pause = min(self.pause + self.pause, Self.longestPause)
        }
    }

    /// A scan failed; the next comes after that time.
    mutating func scanFailed(retryIn time: TimeAmount, at now: NIODeadline) {
        self.nextRead = now + time
        self.lastRows = now
    }

    /// It can't sleep: a writer is under way that relies on the relay being awake.
    mutating func isKeptAwake(at now: NIODeadline) {
        self.nextRead = max(now, self.nextRead)
        self.lastRows = now
    }
}
