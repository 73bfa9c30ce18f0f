/// All mappings of all sources. On the event loop.
///
/// A source adds and removes mappings, at any time. If two map the same, ``Claims`` decides which one counts; the roles
/// get that one.
final class Mappings {
    /// Identifies a mapping for its source.
    struct ID: Hashable {
        fileprivate let number: Int
    }

    /// The state of a mapping.
    enum State: Equatable {
        /// It counts: the role has it.
        case mapped
        /// It no longer counts; another one does, or it was removed.
        case ended
        /// Another one counts, which is mapped at this place.
        case clashes(with: String)
    }

    private enum Content {
        /// Another mapping counts.
        case waits(Mapping.Subject)
        case procedure(ProcedureRoute)
        case subscription(SubscriptionRoute)
    }

    private struct Entry {
        let place: String
        let registration: RegistrationKey?
        let runner: Guests.Runner?
        let isAwaited: Bool
        let report: (State) -> Void
        var content: Content
    }

    private let callee: Callee
    private let subscriptions: Subscriptions
    private var claims = Claims<Mapping.Thing, ID>()
    private var entries: [ID: Entry] = [:]
    private var lastNumber = 0

    init(callee: Callee, subscriptions: Subscriptions) {
        self.callee = callee
        self.subscriptions = subscriptions
    }

    /// Adds a mapping.
    ///
    /// - Parameters:
    ///   - rank: the rank of its source.
    ///   - report: called with its state, before this returns and at every change.
    @discardableResult
    func add(_ mapping: Mapping, rank: MappingRank, report: @escaping (State) -> Void = { _ in }) -> ID {
        self.lastNumber += 1
        let id = ID(number: self.lastNumber)
        self.entries[id] = Entry(
            place: mapping.place, registration: mapping.registration, runner: mapping.runner,
            isAwaited: mapping.isAwaited, report: report, content: .waits(mapping.subject))
        for change in self.claims.claim(mapping.thing, by: id, rank: rank) { self.perform(change) }
        return id
    }

    /// Removes a mapping. Its calls and events that have come are answered, and run.
    func remove(_ id: ID) {
        for change in self.claims.giveUp(id) { self.perform(change) }
        self.entries[id] = nil
    }

    private func perform(_ change: Claims<Mapping.Thing, ID>.Change) {
        switch change {
        case .begins(let id): self.begin(id)
        case .ends(let id): self.end(id)
        case .clashes(let id, let other):
            guard let place = self.entries[other]?.place else { return }
            self.entries[id]?.report(.clashes(with: place))
        }
    }

    private func begin(_ id: ID) {
        guard let entry = self.entries[id], case .waits(let subject) = entry.content else { return }
        let content: Content =
            switch subject {
            case .procedure(let mapping):
                .procedure(
                    self.callee.add(
                        mapping, place: entry.place, registration: entry.registration, isAwaited: entry.isAwaited,
                        runner: entry.runner))
            case .subscription(let mapping):
                .subscription(
                    self.subscriptions.add(
                        mapping, place: entry.place, registration: entry.registration, isAwaited: entry.isAwaited,
                        runner: entry.runner))
            }
        self.entries[id]?.content = content
        entry.report(.mapped)
    }

    private func end(_ id: ID) {
        guard let entry = self.entries[id] else { return }
        switch entry.content {
        case .waits:
            return
        case .procedure(let route):
            self.callee.remove(route)
            self.entries[id]?.content = .waits(.procedure(route.mapping))
        case .subscription(let route):
            self.subscriptions.remove(route)
            self.entries[id]?.content = .waits(.subscription(route.mapping))
        }
        entry.report(.ended)
    }
}
