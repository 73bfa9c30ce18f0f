/// The state of each open list and dictionary. The first levels are held in place, so that usual messages allocate
/// nothing for them.
struct LevelStack<Level: BitwiseCopyable> {
    /// How many levels are open.
    private(set) var depth = 0

    private var levels: InlineArray<8, Level>
    private var deeperLevels: [Level] = []

    private static var inlineDepth: Int { 8 }

    /// - Parameter filling: any level; it is never seen.
    init(filling: Level) {
        self.levels = .init(repeating: filling)
    }

    /// The innermost level; at least one is open.
    var top: Level {
        @inline(__always)
        get {
            let index = self.depth &- 1
            return index < Self.inlineDepth ? self.levels[index] : self.deeperLevels[index &- Self.inlineDepth]
        }
        @inline(__always)
        set {
            let index = self.depth &- 1
            if index < Self.inlineDepth {
                self.levels[index] = newValue
            } else {
                self.deeperLevels[index &- Self.inlineDepth] = newValue
            }
        }
    }

    /// Opens a level.
    @inline(__always)
    mutating func push(_ level: Level) {
        if self.depth < Self.inlineDepth {
            self.levels[self.depth] = level
        } else {
            self.deeperLevels.append(level)
        }
        self.depth &+= 1
    }

    /// Closes the innermost level; at least one is open.
    @inline(__always)
    mutating func pop() {
        assert(self.depth > 0)
        if self.depth > Self.inlineDepth {
            self.deeperLevels.removeLast()
        }
        self.depth &-= 1
    }
}
