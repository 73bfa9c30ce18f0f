import Functions
import NIOCore
import Names

/// All things of a kind that the router holds for the sidecar: which of them are wanted, which is requested or returned
/// next, the receivers of the router's messages, and the router's refusals.
///
/// It holds no session: after each call ``Holder`` runs ``next()``, and returns each request with its answer, also when
/// the session has ended meanwhile. Every operation costs the same, however many things there are.
struct Holdings<Thing: Hashable, ID: Hashable>: ~Copyable {
    /// A request to the router.
    struct Request: Equatable {
        enum Kind: Equatable {
            case ask(mayForce: Bool)
            case giveBack(ID)
        }

        let thing: Thing
        let kind: Kind
        /// In which session.
        let session: Int
    }

    /// The router's answer.
    enum Answer: Equatable {
        case granted(ID)
        case refused(HoldingRefusal, reason: String)
    }

    enum AnswerAction: Equatable {
        case nothing
        case reportGrant
        /// It is requested again after that time, when ``timer(_:)`` is called; a new refusal is reported.
        case wait(TimeAmount, isNews: Bool)
        /// The session must be given up.
        case abandon
        /// Nothing more comes for it.
        case end
    }

    enum RemovalAction: Equatable {
        /// There is no such thing.
        case nothing
        /// Nothing more comes for it.
        case end
        /// Something may come until a later call returns it.
        case wait
    }

    /// The consequence for one of those whose id was revoked.
    struct Revocation: Equatable {
        enum Action: Equatable {
            case nothing
            /// It is requested again after that time, when ``timer(_:)`` is called.
            case wait(TimeAmount)
            /// Nothing more comes for it.
            case end
        }

        let thing: Thing
        let action: Action
    }

    private final class Entry {
        let thing: Thing
        /// Whether only the leader holds it.
        let isSingle: Bool
        var machine: HoldingStateMachine<ID>

        init(_ thing: Thing, isSingle: Bool, machine: consuming HoldingStateMachine<ID>) {
            self.thing = thing
            self.isSingle = isSingle
            self.machine = machine
        }
    }

    private enum Turn {
        case ask(Entry)
        case giveBack(ID, Entry)
    }

    /// With the number of the session, or of the last one.
    private enum Session {
        case none(last: Int)
        case open(Int)
    }

    private let terms: HoldingTerms
    private let name: (Thing) -> String
    private var entries: [Thing: Entry] = [:]
    /// The removed ones, until nothing more comes for them.
    private var removed: [Thing: Entry] = [:]
    private var session = Session.none(last: 0)
    private var isOffered = true
    private var lead: Lead
    private var turns = Turns<Turn>(most: HoldingTerms.mostAtOnce)
    private var lostAnswers = LostAnswers.none
    /// Those that the router has not answered for.
    private var unsettled: Set<Thing> = []
    /// The receivers of each id.
    private(set) var receivers = Receivers<Thing, ID>()
    /// The router's last reported refusal.
    private(set) var complaints = Complaints<Thing>()

    /// - Parameter name: the name of a thing in complaints.
    init(_ terms: HoldingTerms, name: @escaping (Thing) -> String) {
        self.terms = terms
        self.name = name
        self.lead = terms.lead
    }

    /// Whether the router has answered for each, with success or not.
    var isSettled: Bool { self.unsettled.isEmpty }

    /// Whether all requests have been answered. If nothing is offered any more, nothing more comes then: the router's
    /// earlier messages precede its answer to the return.
    var isAnswered: Bool { self.turns.isIdle }

    // MARK: - Things

    /// Adds a thing.
    ///
    /// - Parameter isLate: readiness does not wait for it in this session.
    mutating func add(_ thing: Thing, isSingle: Bool, isLate: Bool) {
        let absence = self.absence(isSingle: isSingle)
        let entry = Entry(
            thing, isSingle: isSingle, machine: HoldingStateMachine(.apart(absence, isLate: isLate)))
        self.entries[thing] = entry
        switch self.session {
        case .none: break
        case .open: self.queue(entry, entry.machine.joined(isLate ? .late : .awaited))
        }
        self.settle(entry)
    }

    /// Removes a thing. Its timer must be canceled.
    mutating func remove(_ thing: Thing) -> RemovalAction {
        guard let entry = self.entries.removeValue(forKey: thing) else { return .nothing }
        self.removed[thing] = entry
        _ = self.unwant(entry, .removed)
        return self.hasEnded(thing) ? .end : .wait
    }

    // MARK: - Sessions

    /// A new session: everything must be requested in it.
    ///
    /// - Returns: the removed things for which nothing more comes. All timers must be canceled.
    mutating func joined() -> [Thing] {
        let ended = self.left()
        switch self.session {
        case .none(let last): self.session = .open(last + 1)
        case .open: break
        }
        for entry in self.entries.values {
            self.queue(entry, entry.machine.joined(.awaited))
            self.settle(entry)
        }
        return ended
    }

    /// The session is lost, and with it all holdings.
    ///
    /// - Returns: the removed things for which nothing more comes. All timers must be canceled.
    mutating func left() -> [Thing] {
        switch self.session {
        case .none: break
        case .open(let number): self.session = .none(last: number)
        }
        self.turns.removeAll()
        self.receivers.removeAll()
        self.lostAnswers.left()
        for entry in self.entries.values {
            entry.machine.left()
            self.settle(entry)
        }
        for entry in self.removed.values { entry.machine.left() }
        let ended = Array(self.removed.keys)
        self.removed.removeAll()
        return ended
    }

    // MARK: - Wishes

    /// Whether anything should be held at all.
    ///
    /// - Returns: the things whose timers must be canceled.
    mutating func offer(_ isOffered: Bool) -> [Thing] {
        guard isOffered != self.isOffered else { return [] }
        self.isOffered = isOffered
        return self.apply { _ in true }
    }

    /// The leader is known, or has changed.
    ///
    /// - Returns: the things whose timers must be canceled.
    mutating func lead(is lead: Lead) -> [Thing] {
        guard lead != self.lead else { return [] }
        self.lead = lead
        return self.apply { $0.isSingle }
    }

    private mutating func apply(to concerns: (Entry) -> Bool) -> [Thing] {
        var canceled: [Thing] = []
        for entry in self.entries.values where concerns(entry) {
            if let absence = self.absence(isSingle: entry.isSingle) {
                if self.unwant(entry, absence) { canceled.append(entry.thing) }
            } else {
                self.queue(entry, entry.machine.want())
                self.settle(entry)
            }
        }
        return canceled
    }

    private func absence(isSingle: Bool) -> HoldingStateMachine<ID>.Absence? {
        switch (isSingle, self.lead) {
        case (true, .elsewhere): .elsewhere
        case (true, .undecided): .withheld
        case (true, .here), (false, _): self.isOffered ? nil : .withheld
        }
    }

    /// Returns whether its timer must be canceled.
    private mutating func unwant(_ entry: Entry, _ absence: HoldingStateMachine<ID>.Absence) -> Bool {
        defer { self.settle(entry) }
        self.complaints[entry.thing] = nil
        switch entry.machine.unwant(absence) {
        case .nothing:
            return false
        case .cancelTimer:
            return true
        case .giveBack(let id):
            self.giveBack(id, entry)
            return false
        }
    }

    // MARK: - Requesting

    /// The next request; nil if there is none. After each ``answered(_:_:random:)`` or ``gaveBack(_:)`` must follow.
    mutating func next() -> Request? {
        switch self.session {
        case .none: return nil
        case .open(let session):
            while let turn = self.turns.next() {
                switch turn {
                case .giveBack(let id, let entry):
                    return Request(thing: entry.thing, kind: .giveBack(id), session: session)
                case .ask(let entry):
                    switch entry.machine.turn() {
                    case .ask(let mayForce):
                        return Request(thing: entry.thing, kind: .ask(mayForce: mayForce), session: session)
                    case .skip:
                        self.turns.answered()
                    }
                }
            }
            return nil
        }
    }

    /// The router has answered, or can't any more.
    ///
    /// - Parameter random: a number from 0 to 1.
    mutating func answered(_ request: Request, _ answer: Answer, random: Double) -> AnswerAction {
        self.turns.answered()
        guard let entry = self.entry(of: request) else { return .nothing }
        defer {
            self.settle(entry)
            if self.unsettled.isEmpty { self.lostAnswers.settled() }
        }
        switch answer {
        case .granted(let id): return self.granted(entry, id)
        case .refused(let refusal, let reason): return self.refused(entry, refusal, reason, random)
        }
    }

    private mutating func granted(_ entry: Entry, _ id: ID) -> AnswerAction {
        switch entry.machine.granted(id) {
        case .nothing:
            return .nothing
        case .report:
            self.receivers.holds(entry.thing, id)
            self.complaints[entry.thing] = nil
            return .reportGrant
        case .giveBack(let id):
            // It receives until it has been returned.
            self.receivers.holds(entry.thing, id)
            self.giveBack(id, entry)
            return .nothing
        }
    }

    private mutating func refused(
        _ entry: Entry, _ refusal: HoldingRefusal, _ reason: String, _ random: Double
    ) -> AnswerAction {
        let mayAbandon = entry.machine.isLost(refusal) && self.lostAnswers.happened()
        switch entry.machine.refused(
            refusal, mayAbandon: mayAbandon, delays: self.terms.delays, random: random)
        {
        case .nothing:
            return self.hasEnded(entry.thing) ? .end : .nothing
        case .abandon:
            return .abandon
        case .wait(let delay):
            return .wait(delay, isNews: self.complain(of: entry, reason))
        }
    }

    /// The waiting time of one is over.
    mutating func timer(_ thing: Thing) {
        guard let entry = self.entries[thing] else { return }
        self.queue(entry, entry.machine.timer())
    }

    /// The router has taken one back, or can't any more.
    ///
    /// - Returns: the removed things for which nothing more comes.
    mutating func gaveBack(_ request: Request) -> [Thing] {
        self.turns.answered()
        guard case .giveBack(let id) = request.kind, self.isOpen(request.session) else { return [] }
        return self.receivers.gaveBack(request.thing, id).filter { self.hasEnded($0) }
    }

    /// The router revoked an id.
    ///
    /// - Parameter random: numbers from 0 to 1.
    mutating func revoked(_ id: ID, random: () -> Double) -> [Revocation] {
        self.receivers.revoked(id).map { thing in
            guard let entry = self.entries[thing] ?? self.removed[thing] else {
                return Revocation(thing: thing, action: .nothing)
            }
            switch entry.machine.revoked(id, delays: self.terms.delays, random: random()) {
            case .wait(let delay):
                _ = self.complain(of: entry, "the \(self.terms.holding) was revoked")
                return Revocation(thing: thing, action: .wait(delay))
            case .nothing:
                return Revocation(thing: thing, action: self.hasEnded(thing) ? .end : .nothing)
            }
        }
    }

    // MARK: - One of them

    private func isOpen(_ session: Int) -> Bool {
        switch self.session {
        case .open(let number): number == session
        case .none: false
        }
    }

    private func entry(of request: Request) -> Entry? {
        guard self.isOpen(request.session) else { return nil }
        return self.entries[request.thing] ?? self.removed[request.thing]
    }

    private mutating func queue(_ entry: Entry, _ action: HoldingStateMachine<ID>.AskAction) {
        switch action {
        case .nothing: break
        case .queue: self.turns.add(.ask(entry))
        }
    }

    private mutating func giveBack(_ id: ID, _ entry: Entry) {
        self.receivers.givesBack(entry.thing, id)
        self.turns.add(.giveBack(id, entry))
    }

    /// Returns whether that is new.
    private mutating func complain(of entry: Entry, _ reason: String) -> Bool {
        let complaint = Complaint(name: self.name(entry.thing), reason: reason)
        guard self.complaints[entry.thing] != complaint else { return false }
        self.complaints[entry.thing] = complaint
        return true
    }

    private mutating func settle(_ entry: Entry) {
        if entry.machine.isSettled { self.unsettled.remove(entry.thing) } else { self.unsettled.insert(entry.thing) }
    }

    /// Whether it was removed, and nothing more comes for it.
    private mutating func hasEnded(_ thing: Thing) -> Bool {
        guard let entry = self.removed[thing], entry.machine.isAtRest, !self.receivers.isLeaving(thing) else {
            return false
        }
        self.removed[thing] = nil
        return true
    }
}
