import Functions
import NIOCore
import NIOPosix
import Names
import Postgres
import SidecarConfiguration
import Testing
import WAMP
import WAMPClient

@testable import Sidecar

@Suite("Mappings")
struct MappingsTests {
    /// The two roles that take mappings, on a real session with a router, without a database.
    private final class House: RouterDelegate {
        private let callee: Callee
        private let subscriptions: Subscriptions
        private let situation = CurrentSituation()
        let mappings: Mappings
        private var router: Router?

        init(on eventLoop: any EventLoop) throws {
            let text = """
                router: { url: "rs://127.0.0.1:1", realm: realm1 }
                database: { url: "host=127.0.0.1 port=1" }
                """
            let configuration = try ConfigurationFile.load(text: text)
            let environment = try DatabaseEnvironment(
                configuration.database, eventLoop: eventLoop, sessionTimeout: .seconds(30))
            let control = Control(environment: environment) { _ in }
            let pool = Pool(
                environment: environment, limits: PoolLimits(configuration.database), control: control
            ) { _ in }
            let (settings, budget) = (CallSettings(pool.cleanSession), RouterBudget())
            let passage = Passage(eventLoop: eventLoop, isEventSuspect: { false }, observer: { _ in }, changed: {})
            self.callee = Callee(
                configuration: configuration, pool: pool, control: control, eventLoop: eventLoop, settings: settings,
                budget: budget, passage: passage, slots: SlotTable(), observer: { _ in }, changed: {})
            self.subscriptions = Subscriptions(
                configuration: configuration, pool: pool, control: control, eventLoop: eventLoop, settings: settings,
                budget: budget, mandate: Mandate(), slots: SlotTable(), observer: { _ in }, changed: {})
            self.mappings = Mappings(callee: self.callee, subscriptions: self.subscriptions)
            self.situation.follow([self.callee, self.subscriptions])
        }

        func join(_ url: String, on eventLoop: any EventLoop) throws {
            var configuration = RouterConfiguration(
                urls: [try RouterURL(url)], realm: try Realm("realm1"), authentication: .anonymous(authid: nil),
                agent: "test")
            // However slow the machine is: nothing is asked twice, and no session is given up.
            configuration.connectTimeout = .hours(1)
            configuration.joinTimeout = .hours(1)
            configuration.requestTimeout = .hours(6)
            configuration.heartbeatInterval = .hours(1)
            configuration.heartbeatPatience = .hours(2)
            self.router = Router(configuration: configuration, eventLoop: eventLoop, delegate: self)
            self.router?.start()
        }

        func joined(_ session: Session) {
            self.situation.change {
                $0.router = .joined(session)
                $0.isDatabaseAvailable = true
                $0.acting = .here
            }
        }

        func left(_ session: Session, reason: SessionEnd) {
            self.situation.change { $0.router = .left(session.url, reason) }
        }

        func stop(completion: @escaping () -> Void) {
            self.router?.stop(completion: completion)
        }

        func received(_ invocation: Invocation, in session: Session) {}
        func received(_ interrupt: Interrupt, in session: Session) {}
        func received(_ event: Event, in session: Session) {}
        func revoked(_ registration: RegistrationID, reason: String?, in session: Session) {}
        func revoked(_ subscription: SubscriptionID, reason: String?, in session: Session) {}
        func writabilityChanged(_ isWritable: Bool, in session: Session) {}
        func observed(_ event: RouterEvent) {}
    }

    /// A source of mappings: this is all that there is to one.
    private final class TestSource {
        private let mappings: Mappings
        private let name: String
        private let rank: MappingRank
        private var ids: [Mappings.ID] = []
        private(set) var states: [Mappings.State] = []

        init(_ mappings: Mappings, name: String, rank: MappingRank) {
            self.mappings = mappings
            self.name = name
            self.rank = rank
        }

        func addProcedure(_ uri: String) throws {
            let row = MappingRow(place: self.name, key: uri, function: "shop.add2", options: nil)
            self.add(.procedure(try row.procedure()))
        }

        func addSubscription(_ topic: String) throws {
            let row = MappingRow(place: self.name, key: topic, function: "shop.note", options: nil)
            self.add(.subscription(try row.subscription()))
        }

        private func add(_ subject: Mapping.Subject) {
            self.ids.append(
                self.mappings.add(Mapping(subject: subject, place: self.name), rank: self.rank) {
                    self.states.append($0)
                })
        }

        func removeAll() {
            for id in self.ids { self.mappings.remove(id) }
            self.ids = []
        }
    }

    @Test("a source adds and removes a procedure and a subscription while the sidecar runs")
    func source() async throws {
        let eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let router = try await TakingRouter(on: eventLoop)
        let url = router.url
        let (house, source) = try await eventLoop.submit {
            let house = try House(on: eventLoop)
            let source = TestSource(house.mappings, name: "test", rank: .sql)
            try house.join(url, on: eventLoop)
            try source.addProcedure("com.example.add2")
            return (NIOLoopBound(house, eventLoop: eventLoop), NIOLoopBound(source, eventLoop: eventLoop))
        }.get()
        var asked = router.asked.makeAsyncIterator()
        #expect(await asked.next() == "REGISTER com.example.add2")
        try await eventLoop.submit { try source.value.addSubscription("com.example.news") }.get()
        #expect(await asked.next() == "SUBSCRIBE com.example.news")
        try await eventLoop.submit { source.value.removeAll() }.get()
        var given: Set<String?> = []
        given.insert(await asked.next())
        given.insert(await asked.next())
        #expect(given == ["UNREGISTER", "UNSUBSCRIBE"])
        let states = try await eventLoop.submit { source.value.states }.get()
        #expect(states == [.mapped, .mapped, .ended, .ended])
        let stopped = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { house.value.stop { stopped.succeed() } }
        try await stopped.futureResult.get()
        try await router.close()
    }

    @Test("of two sources that map the same the one of higher rank has it, and the other gets it back")
    func clash() async throws {
        let eventLoop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let states = try await eventLoop.submit {
            let house = try House(on: eventLoop)
            let low = TestSource(house.mappings, name: "low", rank: .sql)
            let high = TestSource(house.mappings, name: "high", rank: .file)
            try low.addProcedure("com.example.add2")
            try high.addProcedure("com.example.add2")
            high.removeAll()
            return (low.states, high.states)
        }.get()
        #expect(states.0 == [.mapped, .ended, .clashes(with: "high"), .mapped])
        #expect(states.1 == [.mapped, .ended])
    }
}
