import Testing

@testable import Sidecar

@Suite("Reading registrations")
struct RegistrationReadStateMachineTests {
    private typealias Machine = RegistrationReadStateMachine
    private typealias Key = RegistrationKey

    /// The tables, and how much of them was asked for.
    private struct Tables {
        var registrations: [Int64] = []
        var subscriptions: [Int64] = []
        var listed = 0
        var greatestPage = 0
        var read: [Key] = []
        var checked: [Key] = []
        var looked: [Key] = []
        var gone: [Key] = []

        func ids(_ kind: RegistrationKey.Kind) -> [Int64] {
            kind == .registration ? self.registrations : self.subscriptions
        }

        /// Answers all that the machine asks for.
        mutating func answer(_ machine: inout Machine, checks: Bool = true) {
            while let step = machine.next(mayList: true) {
                switch step {
                case .list(let kind, let after):
                    let page = self.ids(kind).filter { $0 > after }.sorted().prefix(Machine.greatestList)
                    self.listed += page.count
                    self.gone += machine.listed(kind, after: after, Array(page))
                case .read(let kind, let ids):
                    self.greatestPage = max(self.greatestPage, ids.count)
                    let there = ids.filter(Set(self.ids(kind)).contains)
                    self.read += there.map { Key(kind: kind, id: $0) }
                    machine.read(kind, ids, there: there)
                case .check(let kind, let ids):
                    guard checks else { return }
                    self.greatestPage = max(self.greatestPage, ids.count)
                    self.checked += ids.map { Key(kind: kind, id: $0) }
                    self.gone += machine.checked(kind, ids, there: ids.filter(Set(self.ids(kind)).contains))
                case .look(let kind, let ids):
                    self.greatestPage = max(self.greatestPage, ids.count)
                    self.looked += ids.map { Key(kind: kind, id: $0) }
                    self.gone += machine.looked(kind, ids, there: ids.filter(Set(self.ids(kind)).contains))
                }
            }
        }
    }

    private static func keys(_ kind: RegistrationKey.Kind, _ ids: some Sequence<Int64>) -> [Key] {
        ids.map { Key(kind: kind, id: $0) }
    }

    @Test("each row is read once, in pages, and nothing is settled before")
    func begin() {
        var machine = Machine()
        var tables = Tables(registrations: Array(1...10_000), subscriptions: [3, 5])
        machine.changed()
        #expect(!machine.isSettled)
        tables.answer(&machine)
        #expect(machine.isSettled)
        #expect(tables.read == Self.keys(.registration, 1...10_000) + Self.keys(.subscription, [3, 5]))
        #expect(tables.greatestPage == Machine.greatestPage)
        #expect(tables.checked.isEmpty)
    }

    @Test("a change reads new rows, reports deleted ones, and checks the others later")
    func changes() {
        var machine = Machine()
        var tables = Tables(registrations: Array(1...3000), subscriptions: [7])
        machine.changed()
        tables.answer(&machine)
        tables.read = []
        tables.registrations = Array(2...1500) + Array(1502...2999) + [3001]
        tables.subscriptions = []
        machine.changed()
        tables.answer(&machine, checks: false)
        #expect(tables.read == Self.keys(.registration, [3001]))
        #expect(tables.gone == Self.keys(.registration, [1, 1501, 3000]) + Self.keys(.subscription, [7]))
        #expect(machine.isSettled)
        tables.answer(&machine)
        #expect(tables.checked == Self.keys(.registration, tables.registrations))
        let step = machine.next(mayList: true)
        #expect(step == nil)
    }

    @Test("a row committed late, with a smaller number, is found; one deleted meanwhile is not known")
    func late() {
        var machine = Machine()
        var tables = Tables(registrations: [1, 4, 9])
        machine.changed()
        tables.answer(&machine)
        tables.registrations = [1, 2, 4, 9, 10]
        machine.changed()
        let list = machine.next(mayList: true)
        #expect(list == .list(.registration, after: .min))
        _ = machine.listed(.registration, after: .min, tables.registrations)
        _ = machine.listed(.subscription, after: .min, [])
        let read = machine.next(mayList: true)
        #expect(read == .read(.registration, [2, 10]))
        machine.read(.registration, [2, 10], there: [2])
        let check = machine.next(mayList: true)
        #expect(check == .check(.registration, [1, 2, 4, 9]))
        let gone = machine.checked(.registration, [1, 2, 4, 9], there: [1, 2, 4])
        #expect(gone == Self.keys(.registration, [9]))
        #expect(Set(machine.reset()) == Set(Self.keys(.registration, [1, 2, 4])))
    }

    @Test("doubtful rows are read again, once, in pages, and no others")
    func doubts() {
        var machine = Machine()
        var tables = Tables(registrations: Array(1...3000), subscriptions: [7, 8])
        machine.changed()
        tables.answer(&machine)
        tables.listed = 0
        tables.registrations.removeAll { $0 == 100 }
        let doubted = Self.keys(.registration, 41...120) + Self.keys(.subscription, [8])
        machine.doubt(doubted)
        machine.doubt(doubted)
        tables.answer(&machine)
        #expect(tables.looked == doubted)
        #expect(tables.gone == Self.keys(.registration, [100]))
        #expect(tables.listed == 0 && tables.checked.isEmpty)
        #expect(tables.greatestPage == Machine.greatestPage)
        machine.doubt(Self.keys(.registration, [41]))
        let asked = machine.next(mayList: true)
        machine.doubt(Self.keys(.registration, [42]))
        let again = machine.next(mayList: true)
        #expect(asked == .look(.registration, [41]) && again == asked)
        #expect(!machine.reset().contains(Key(kind: .registration, id: 100)))
        let last = machine.next(mayList: true)
        #expect(last == nil)
    }

    @Test("changes that come quickly make one list, and don't keep the others from being checked")
    func quickly() {
        var machine = Machine()
        var tables = Tables(registrations: Array(1...120))
        machine.changed()
        tables.answer(&machine)
        machine.changed()
        let waits = machine.next(mayList: false)
        #expect(waits == nil)
        #expect(!machine.isSettled)
        var seen: [Int64] = []
        for _ in 0..<6 {
            machine.changed()
            while let step = machine.next(mayList: true) {
                if case .list(let kind, let after) = step {
                    _ = machine.listed(kind, after: after, kind == .registration ? tables.registrations : [])
                } else if case .check(let kind, let ids) = step {
                    seen += ids
                    _ = machine.checked(kind, ids, there: ids)
                    break
                }
            }
        }
        #expect(Set(seen) == Set(1...120))
    }
}
