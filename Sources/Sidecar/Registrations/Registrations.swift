import NIOCore
import Postgres
import SidecarConfiguration
import WAMP

/// Procedures and subscriptions that SQL registered: they come and go while the sidecar runs. On the event loop.
///
/// The table is read whole each time, since a notification says only that something in it has changed, and may be missed; what is the same
/// as before stays as it is.
final class Registrations {
    private static let pause = TimeAmount.seconds(1)
    /// How soon the table is read again while something in it can't be used: nobody notifies of a GRANT.
    private static let lookInterval = TimeAmount.seconds(30)

    /// What became of a row.
    private enum Entry {
        case procedure(ProcedureRoute)
        case subscription(SubscriptionRoute)
        /// It can't be used, and why.
        case fault(String)
    }

    private let query: String
    private let configuration: Configuration
    private let control: Control
    private let eventLoop: any EventLoop
    private let callee: Callee
    private let subscriptions: Subscriptions
    private let guests: Guests
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    private var entries: [RegistrationRow.Key: (row: RegistrationRow, entry: Entry)] = [:]
    private var isReading = false
    /// Something has changed since the reading that is under way began.
    private var isReadAgain = false
    private var isInstalled = false
    private var isLookPlanned = false
    private lazy var pace = Paced(every: Self.pause, on: self.eventLoop) { [unowned self] in self.readNow() }

    /// - Parameter changed: called whenever ``isSettled`` or ``complaints`` may have changed.
    init(
        configuration: Configuration, control: Control, eventLoop: any EventLoop, callee: Callee,
        subscriptions: Subscriptions, guests: Guests, observer: @escaping (Observation) -> Void,
        changed: @escaping () -> Void
    ) {
        let schema = SQLText.identifier(configuration.database.schema)
        self.query = "select * from \(schema).mapping_rows()"
        self.configuration = configuration
        self.control = control
        self.eventLoop = eventLoop
        self.callee = callee
        self.subscriptions = subscriptions
        self.guests = guests
        self.observer = observer
        self.changed = changed
        for definitions in [callee.definitions, subscriptions.definitions] {
            definitions.trustChanged = { [unowned self] in self.read() }
        }
    }

    /// Whether the table has been read, if there is one.
    private(set) var isSettled = true

    /// What can't be used, one sentence each.
    var complaints: [String] {
        self.entries.values.compactMap { _, entry in
            if case .fault(let fault) = entry { fault } else { nil }
        }
    }

    // MARK: - Reading

    /// Whether the SQL interface is there was found out.
    func interface(isInstalled: Bool) {
        self.isInstalled = isInstalled
        guard isInstalled else {
            self.apply([])
            self.isSettled = true
            return self.changed()
        }
        if self.entries.isEmpty { self.isSettled = false }
        self.pace.ask()
    }

    /// Something in the table has changed, or may have. Any role may say so, as often as it likes: the table is read at once, and again at most
    /// once a second.
    func read() {
        self.pace.ask()
    }

    private func readNow() {
        guard self.isInstalled else { return }
        guard !self.isReading else {
            self.isReadAgain = true
            return
        }
        self.isReading = true
        self.isReadAgain = false
        self.control.query(self.query) { result in
            self.isReading = false
            switch result {
            case .success(let rows):
                guard self.isInstalled else { return }
                self.apply(rows.values.compactMap { RegistrationRow($0, columns: rows.columns) })
                self.isSettled = true
                self.changed()
                self.lookAgainLater()
                if self.isReadAgain { self.pace.ask() }
            case .failure(let failure):
                self.observer(.registrationsUnreadable(reason: failure.description))
                self.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.pace.ask() }
            }
        }
    }

    private func lookAgainLater() {
        let isFaulty = self.entries.values.contains { if case .fault = $0.entry { true } else { false } }
        guard isFaulty, !self.isLookPlanned else { return }
        self.isLookPlanned = true
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.lookInterval) { [weak self] in
            self?.isLookPlanned = false
            self?.read()
        }
    }

    // MARK: - Differences

    private func apply(_ rows: [RegistrationRow]) {
        let wanted = Dictionary(rows.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for (key, (row, entry)) in self.entries where wanted[key] != row {
            self.entries[key] = nil
            self.remove(entry)
        }
        for row in rows where self.entries[row.key] == nil {
            let entry = self.entry(for: row)
            self.entries[row.key] = (row, entry)
            switch entry {
            case .procedure, .subscription: self.observer(.registrationAdded(uri: row.uri, place: row.place))
            case .fault(let fault): self.observer(.registrationFaulty(reason: fault))
            }
        }
    }

    private func remove(_ entry: Entry) {
        switch entry {
        case .procedure(let route):
            self.callee.remove(route)
            self.observer(.registrationRemoved(uri: route.uri.text, place: route.place))
        case .subscription(let route):
            self.subscriptions.remove(route)
            self.observer(.registrationRemoved(uri: route.topic.text, place: route.place))
        case .fault:
            break
        }
    }

    private func entry(for row: RegistrationRow) -> Entry {
        if let fault = row.fault { return .fault("\(row.place) (\(row.uri)): \(fault)") }
        do {
            switch row.kind {
            case .registration:
                let mapping = try row.mapping.procedure(checks: .sidecar)
                if let clash = self.clash(of: mapping, row) { return .fault(clash) }
                return .procedure(
                    try self.callee.add(
                        mapping, place: row.place, registration: row.key, isLate: self.isSettled,
                        runner: row.guest.map { self.guests.runner(as: $0) }))
            case .subscription:
                let mapping = try row.mapping.subscription(checks: .sidecar)
                if let clash = self.clash(of: mapping, row) { return .fault(clash) }
                let route = try self.subscriptions.add(
                    mapping, place: row.place, registration: row.key, isLate: self.isSettled,
                    runner: row.guest.map { self.guests.runner(as: $0) })
                self.subscriptions.lookUpWhatIsNotKnown()
                return .subscription(route)
            }
        } catch let fault as MappingRowFault {
            return .fault(fault.description)
        } catch {
            return .fault("\(row.place): '\(row.uri)' \(error)")
        }
    }

    /// What is in the file already counts; the row waits until it is not.
    private func clash(of mapping: ProcedureMapping, _ row: RegistrationRow) -> String? {
        let other = self.configuration.procedures.first { $0.uri == mapping.uri && $0.match == mapping.match }
        return other.map {
            "\(row.place): procedure '\(mapping.uri)' is mapped at \(self.configuration.place($0.location)) already; "
                + "remove it there or unregister it"
        }
    }

    /// Two functions may run for the events of one topic, but not the same function twice.
    private func clash(of mapping: SubscriptionMapping, _ row: RegistrationRow) -> String? {
        let other = self.configuration.subscriptions.first {
            $0.topic == mapping.topic && $0.match == mapping.match && $0.function.value == mapping.function.value
        }
        return other.map {
            "\(row.place): subscription '\(mapping.topic)' of \(mapping.function.value) is mapped at "
                + "\(self.configuration.place($0.location)) already; remove it there or unsubscribe it"
        }
    }
}
