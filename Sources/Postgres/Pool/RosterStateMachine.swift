/// Which connections there are to be, by their slots, and what each is for.
///
/// As many as the limit says are permanent. A spare one replaces a connection whose work waits for something outside of
/// the database: it is opened as soon as work waits so, and closed a while later if it is idle and replaces none any
/// more. There are at most as many spare ones as permanent ones.
///
/// When the limit falls, connections leave: each is closed as soon as nothing is under way there, and none takes its
/// place. If the limit rises before that, it is permanent again.
struct RosterStateMachine: ~Copyable {
    private enum Role {
        /// There is to be no connection.
        case none
        case permanent
        case spare
        case leaving
    }

    private enum Look {
        case none
        /// Some spare connections may be unneeded: that is checked after a while.
        case awaited
    }

    /// The driver's task after a change of the limit.
    struct Change: Equatable {
        /// The slots whose connections are to be opened.
        var opened: [Int] = []
        /// Those whose connections leave.
        var closed: [Int] = []
    }

    /// How many permanent connections there are.
    private(set) var connections: Int
    private var roles: [Role]
    private var look = Look.none

    init(connections: Int) {
        self.connections = connections
        self.roles =
            [Role](repeating: .permanent, count: connections) + [Role](repeating: .none, count: connections)
    }

    /// How many slots there are. It never falls.
    var slots: Int { self.roles.count }

    /// The slots of the permanent connections.
    var permanent: [Int] { self.slots(of: .permanent) }

    /// Whether there is to be a connection.
    func isWanted(_ slot: Int) -> Bool {
        switch self.roles[slot] {
        case .permanent, .spare: true
        case .none, .leaving: false
        }
    }

    func isPermanent(_ slot: Int) -> Bool {
        switch self.roles[slot] {
        case .permanent: true
        case .none, .spare, .leaving: false
        }
    }

    func isLeaving(_ slot: Int) -> Bool {
        switch self.roles[slot] {
        case .leaving: true
        case .none, .permanent, .spare: false
        }
    }

    private func slots(of role: Role) -> [Int] { self.roles.indices.filter { self.roles[$0] == role } }

    // MARK: - The limit

    /// Another number of permanent connections is wanted.
    ///
    /// If it is greater, those that are leaving and the spare ones are made permanent before others are opened. If it
    /// is smaller, all that are not among the best of the permanent and the spare ones leave.
    ///
    /// - Parameter order: all slots, the best first.
    mutating func change(to connections: Int, in order: [Int]) -> Change {
        let former = self.connections
        self.connections = connections
        guard connections < former else {
            let opened = (former..<connections).compactMap { _ in self.addPermanent() }
            return Change(opened: opened)
        }
        let staff = order.filter { self.isWanted($0) }
        for slot in staff.prefix(connections) { self.roles[slot] = .permanent }
        let closed = Array(staff.dropFirst(connections))
        for slot in closed { self.roles[slot] = .leaving }
        return Change(closed: closed)
    }

    /// - Returns: its slot if the connection is to be opened.
    private mutating func addPermanent() -> Int? {
        guard let slot = self.roles.firstIndex(of: .leaving) ?? self.roles.firstIndex(of: .spare) else {
            return self.open(as: .permanent)
        }
        self.roles[slot] = .permanent
        return nil
    }

    private mutating func open(as role: Role) -> Int {
        guard let slot = self.roles.firstIndex(of: .none) else {
            self.roles.append(role)
            return self.roles.count - 1
        }
        self.roles[slot] = role
        return slot
    }

    /// A connection has ended, or one that leaves was never made.
    ///
    /// - Returns: whether another takes its place.
    mutating func ended(slot: Int) -> Bool {
        switch self.roles[slot] {
        case .permanent, .spare:
            return true
        case .none, .leaving:
            self.roles[slot] = .none
            return false
        }
    }

    // MARK: - Spare connections

    /// Some work has begun to wait.
    ///
    /// - Parameter wanted: how many spare connections there should be.
    /// - Returns: the slots to open.
    mutating func suspended(wanted: Int) -> [Int] {
        let missing = min(wanted, self.connections) - self.slots(of: .spare).count
        return (0..<max(missing, 0)).map { _ in self.open(as: .spare) }
    }

    /// Some work waits no more.
    ///
    /// - Returns: whether ``looked(wanted:idle:)`` is to be called after a while.
    mutating func resumed() -> Bool {
        guard self.roles.contains(.spare) else { return false }
        switch self.look {
        case .none:
            self.look = .awaited
            return true
        case .awaited:
            return false
        }
    }

    /// A while has passed.
    ///
    /// - Parameters:
    ///   - wanted: how many spare connections there should be.
    ///   - idle: the slots on which nothing is under way.
    /// - Returns: the slots of those that leave, and whether to look again after a while.
    mutating func looked(wanted: Int, idle: [Int]) -> (closed: [Int], looksAgain: Bool) {
        guard case .awaited = self.look else { return ([], false) }
        let spares = self.slots(of: .spare)
        let candidates = idle.filter { self.roles[$0] == .spare }.sorted(by: >)
        let closed = Array(candidates.prefix(max(spares.count - wanted, 0)))
        for slot in closed { self.roles[slot] = .leaving }
        let looksAgain = closed.count < spares.count
        self.look = looksAgain ? .awaited : .none
        return (closed, looksAgain)
    }
}
