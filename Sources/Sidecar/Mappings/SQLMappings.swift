import DequeModule
import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP

/// The registrations from SQL: a source of mappings that come and go while the sidecar runs. On the event loop.
///
/// The driver of ``RegistrationReadStateMachine``. Notifications only announce that something has changed, and may be
/// missed; unchanged mappings stay as they are. Many rows are processed a few at a time, so that calls continue
/// meanwhile.
final class SQLMappings {
    /// How soon a failed query is repeated.
    private static let pause = TimeAmount.seconds(1)
    /// How soon after another the list of rows is read again: every role of the database can notify.
    private static let leastInterval = TimeAmount.seconds(1)
    /// How soon unusable rows are read again: nobody notifies of a GRANT.
    private static let lookInterval = TimeAmount.seconds(30)
    /// So many rows are removed in one turn of the event loop.
    private static let slice = 50
    /// Between slices all other work of the loop is done.
    private static let breath = TimeAmount.milliseconds(1)

    /// The state of a row.
    private enum Entry {
        case mapping(Mappings.ID)
        /// It can't be read.
        case fault
    }

    private let listQuery: String
    private let pageQuery: String
    private let control: Control
    private let eventLoop: any EventLoop
    private let mappings: Mappings
    private let guests: Guests
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    private var machine = RegistrationReadStateMachine()
    private var entries: [RegistrationKey: (row: RegistrationRow, entry: Entry)] = [:]
    private var faults = Complaints<RegistrationKey>()
    /// Why the last reading of the tables failed.
    private var unreadable: String?
    /// The most octets of a row's texts.
    private static let mostOctets = 64 << 10
    private var leaving = Deque<RegistrationKey>()
    /// A query is under way, or its answer is being processed.
    private var isBusy = false
    private var isInstalled = false
    /// Changes when all rows are forgotten: answers to earlier queries are useless then.
    private var generation = 0
    private var nextList = NIODeadline.now()
    private var timer: Scheduled<Void>?
    private var nextLook: Scheduled<Void>?

    /// - Parameters:
    ///   - schema: the schema of the SQL interface, as an identifier.
    ///   - definitions: looks the registered functions up, and may find that a row must be read again.
    ///   - changed: called whenever ``isSettled`` or ``complaints`` may have changed.
    init(
        schema: String, control: Control, eventLoop: any EventLoop, mappings: Mappings, definitions: [Definitions],
        guests: Guests, observer: @escaping (Observation) -> Void, changed: @escaping () -> Void
    ) {
        self.listQuery = """
            select \(schema).mapping_list($1::pg_catalog.text, $2::pg_catalog.int8, $3::pg_catalog.int4)
            """
        self.pageQuery = Self.pageQuery(schema)
        self.control = control
        self.eventLoop = eventLoop
        self.mappings = mappings
        self.guests = guests
        self.observer = observer
        self.changed = changed
        for definitions in definitions {
            definitions.trustChanged = { [unowned self] row in
                self.machine.doubt([row])
                self.goOn()
            }
        }
    }

    /// Whether the tables have been read, if there are any.
    private(set) var isSettled = true

    var faultKind: FaultKind? { .registration }

    /// The unusable registrations.
    var complaints: ComplaintSummary {
        let unreadable = self.unreadable.map {
            Complaint(name: "registrations from SQL", reason: "they can't be read: \($0)")
        }
        return ComplaintSummary(self.faults) + ComplaintSummary(named: unreadable.map { [$0] } ?? [])
    }

    /// Nothing is read any more.
    func stopReading() {
        self.isInstalled = false
        self.timer?.cancel()
        self.nextLook?.cancel()
    }

    // MARK: - Reading

    /// The state of the SQL interface is known.
    func interface(isInstalled: Bool) {
        self.isInstalled = isInstalled
        guard isInstalled else {
            self.leaving.append(contentsOf: self.machine.reset())
            self.generation += 1
            self.unreadable = nil
            self.isSettled = true
            self.changed()
            return self.goOn()
        }
        if self.entries.isEmpty { self.isSettled = false }
        self.read()
    }

    /// Reads the tables: something in them has changed, or may have. Any role may announce that, as often as it likes:
    /// they are read at once, and then again after an interval at the earliest.
    func read() {
        guard self.isInstalled else { return }
        self.machine.changed()
        self.goOn()
    }

    private func goOn() {
        guard !self.isBusy else { return }
        self.timer?.cancel()
        self.timer = nil
        guard self.leaving.isEmpty else { return self.removeSlice() }
        guard self.isInstalled else { return }
        let now = NIODeadline.now()
        switch self.machine.next(mayList: now >= self.nextList) {
        case .list(let kind, let after):
            if after == .min, kind == .registration { self.nextList = now + Self.leastInterval }
            self.list(kind, after: after)
        case .read(let kind, let ids):
            self.page(kind, ids) { rows in
                self.machine.read(kind, ids, there: rows.map(\.id))
                self.goOn(after: Self.breath)
            }
        case .check(let kind, let ids):
            self.check(kind, ids, at: now)
        case .look(let kind, let ids):
            self.look(kind, ids, at: now)
        case nil:
            self.lookLater()
            if !self.machine.isSettled { return self.goOn(after: self.nextList - now) }
        }
        guard self.machine.isSettled, !self.isSettled else { return }
        self.isSettled = true
        self.changed()
    }

    private func goOn(after wait: TimeAmount) {
        guard self.timer == nil else { return }
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: max(wait, Self.breath)) {
            self.timer = nil
            self.goOn()
        }
    }

    private func list(_ kind: RegistrationKey.Kind, after: Int64) {
        var values = Parameters()
        values.append(kind.rawValue)
        values.append("\(after)")
        values.append("\(RegistrationReadStateMachine.greatestList)")
        self.ask(self.listQuery, values) { rows in
            let text = rows.values.first?.first.flatMap(\.self) ?? ""
            let gone = self.machine.listed(kind, after: after, text.split(separator: " ").compactMap { Int64($0) })
            self.leaving.append(contentsOf: gone)
            self.goOn(after: Self.breath)
        }
    }

    /// Without hurry: most of the database's time must remain for other work.
    private func check(_ kind: RegistrationKey.Kind, _ ids: [Int64], at began: NIODeadline) {
        self.page(kind, ids) { rows in
            self.leaving.append(contentsOf: self.machine.checked(kind, ids, there: rows.map(\.id)))
            self.goOn(after: (.now() - began) * 3)
        }
    }

    /// Without hurry too: unusable rows are read again as long as they are unusable.
    private func look(_ kind: RegistrationKey.Kind, _ ids: [Int64], at began: NIODeadline) {
        self.page(kind, ids) { rows in
            self.leaving.append(contentsOf: self.machine.looked(kind, ids, there: rows.map(\.id)))
            self.goOn(after: (.now() - began) * 3)
        }
    }

    private func lookLater() {
        guard self.nextLook == nil, self.faults.count > 0 else { return }
        self.nextLook = self.eventLoop.assumeIsolated().scheduleTask(in: Self.lookInterval) {
            self.nextLook = nil
            self.machine.doubt(self.faults.keys)
            self.goOn()
        }
    }

    private func page(
        _ kind: RegistrationKey.Kind, _ ids: [Int64], completion: @escaping ([RegistrationRow]) -> Void
    ) {
        var values = Parameters()
        values.append(kind.rawValue)
        values.append("{\(ids.map { "\($0)" }.joined(separator: ","))}")
        self.ask(self.pageQuery, values) { rows in
            let rows = rows.values.compactMap { RegistrationRow($0, columns: rows.columns) }
            rows.forEach(self.take)
            self.changed()
            completion(rows)
        }
    }

    /// Rows of any size can be registered: longer texts than any row needs are not sent, and are the row's fault.
    private static func pageQuery(_ schema: String) -> String {
        let texts = ["uri", "proc", "signature", "options"]
        let size = texts.map { "coalesce(pg_catalog.octet_length(p.\($0)), 0)" }.joined(separator: " + ")
        let columns = texts.map { "case when s.fits then p.\($0) else pg_catalog.left(p.\($0), 200) end as \($0)" }
        return """
            select p.kind, p.id, \(columns.joined(separator: ", ")), p.registered_by, p.guest, \
            case when s.fits then pg_catalog.left(p.fault, 10000) \
            else 'its texts have more than \(Self.mostOctets) octets' end as fault \
            from \(schema).mapping_page($1::pg_catalog.text, $2::pg_catalog.int8[]) as p \
            cross join lateral (select \(size) <= \(Self.mostOctets) as fits) as s
            """
    }

    private func ask(_ query: String, _ values: Parameters, completion: @escaping (Rows) -> Void) {
        self.isBusy = true
        let generation = self.generation
        self.control.query(query, values) { result in
            self.isBusy = false
            guard self.isInstalled, self.generation == generation else { return self.goOn() }
            switch result {
            case .success(let rows):
                if self.unreadable != nil {
                    self.observer(.registrationsReadable)
                    self.readability(nil)
                }
                completion(rows)
            case .failure(let failure):
                // An unreachable database is reported separately.
                if case .server = failure {
                    self.observer(.registrationsUnreadable(reason: failure.description))
                    self.readability(failure.description)
                }
                self.goOn(after: Self.pause)
            }
        }
    }

    private func readability(_ reason: String?) {
        self.unreadable = reason
        self.changed()
    }

    // MARK: - Differences

    private func take(_ row: RegistrationRow) {
        if let (known, entry) = self.entries[row.key] {
            guard known != row else { return }
            self.remove(entry, row.key)
        }
        self.entries[row.key] = (row, .fault)
        let entry = self.entry(for: row)
        self.entries[row.key]?.entry = entry
    }

    private func removeSlice() {
        for _ in 0..<Self.slice {
            guard let key = self.leaving.popFirst() else { break }
            guard let entry = self.entries[key]?.entry else { continue }
            self.remove(entry, key)
            self.entries[key] = nil
        }
        self.changed()
        self.goOn(after: Self.breath)
    }

    private func remove(_ entry: Entry, _ key: RegistrationKey) {
        self.faults[key] = nil
        switch entry {
        case .mapping(let id): self.mappings.remove(id)
        case .fault: break
        }
    }

    private func entry(for row: RegistrationRow) -> Entry {
        do throws(MappingRowFault) {
            if let fault = row.fault {
                throw MappingRowFault(description: "\(row.place) (\(row.uri)): \(fault)")
            }
            let mapping = Mapping(
                subject: try row.subject, place: row.place, registration: row.key,
                runner: row.guest.map { self.guests.runner(as: $0) }, isAwaited: !self.isSettled)
            return .mapping(
                self.mappings.add(mapping, rank: .sql) { [unowned self, key = row.key] state in
                    if let row = self.entries[key]?.row { self.became(state, row) }
                })
        } catch {
            self.fault(error.description, of: row)
            return .fault
        }
    }

    private func became(_ state: Mappings.State, _ row: RegistrationRow) {
        switch state {
        case .mapped:
            self.faults[row.key] = nil
            self.observer(.registrationAdded(uri: row.uri, place: row.place))
        case .ended:
            self.observer(.registrationRemoved(uri: row.uri, place: row.place))
        case .clashes(let place):
            self.fault(row.clash(with: place), of: row)
        }
        self.changed()
    }

    private func fault(_ reason: String, of row: RegistrationRow) {
        self.faults[row.key] = Complaint(name: row.name, reason: reason)
        self.observer(.registrationFaulty(reason: reason))
    }
}

extension RegistrationRow {
    /// The row's mapping.
    fileprivate var subject: Mapping.Subject {
        get throws(MappingRowFault) {
            switch self.kind {
            case .registration: .procedure(try self.mapping.procedure())
            case .subscription: .subscription(try self.mapping.subscription())
            }
        }
    }

    /// Why the row is not used: a mapping of higher rank maps the same.
    fileprivate func clash(with place: String) -> String {
        switch self.kind {
        case .registration:
            "\(self.place): procedure '\(self.uri)' is mapped at \(place) already; remove it there or unregister it"
        case .subscription:
            "\(self.place): subscription '\(self.uri)' of \(self.mapping.function) is mapped at \(place) already; "
                + "remove it there or unsubscribe it"
        }
    }
}
