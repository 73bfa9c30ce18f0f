import NIOCore
import NIOEmbedded
import Names
import TestChecks
import Testing
import WAMP

@testable import Sidecar
@testable import WAMPClient

@Suite("Requesting holdings from the router")
struct HolderTests {
    /// A session that answers when the test says so.
    private final class FakeSession: HoldingSession {
        enum Request: Equatable {
            case ask(String, mayForce: Bool)
            case giveBack(Int)
        }

        var requests: [Request] = []
        var asked: [(Result<Int, RequestError>) -> Void] = []
        var givenBack: [(Result<Void, RequestError>) -> Void] = []
        var abandoned: [String] = []
        /// Everything fails at once.
        var isClosed = false

        func abandon(_ reason: String) { self.abandoned.append(reason) }
    }

    private final class Thing: Holdable {
        static let terms = HoldingTerms(
            thing: "procedure", holding: "registration",
            delays: HoldingDelays(
                backoff: Backoff(base: .milliseconds(500), greatest: .seconds(32)), shortest: .milliseconds(500),
                longestIfTaken: .seconds(2), weightOfRefusal: 6),
            takenError: WAMPError.procedureAlreadyExists.text, lead: .here)

        let uri: URI
        let isSingle = false

        init(_ uri: String) throws { self.uri = try URI(uri) }

        func ask(
            _ session: FakeSession, mayForce: Bool, completion: @escaping (Result<Int, RequestError>) -> Void
        ) {
            session.requests.append(.ask(self.uri.text, mayForce: mayForce))
            if session.isClosed { completion(.failure(.noSession)) } else { session.asked.append(completion) }
        }

        static func giveBack(
            _ id: Int, to session: FakeSession, completion: @escaping (Result<Void, RequestError>) -> Void
        ) {
            session.requests.append(.giveBack(id))
            session.givenBack.append(completion)
        }

        func observation(of news: HoldingNews) -> Observation {
            switch news {
            case .granted: .registered(uri: self.uri.text)
            case .refused(let reason): .registrationRefused(uri: self.uri.text, place: "here", reason: reason)
            case .revoked(let reason): .registrationRevoked(uri: self.uri.text, reason: reason)
            }
        }
    }

    private final class Fixture {
        let eventLoop = EmbeddedEventLoop()
        let session = FakeSession()
        let thing: Thing
        var news: [String] = []
        private(set) lazy var holder = Holder<Thing>(
            eventLoop: self.eventLoop,
            observer: { observation in
                switch observation {
                case .registered(let uri): self.news.append("registered \(uri)")
                case .registrationRefused(let uri, _, let reason): self.news.append("refused \(uri): \(reason)")
                case .registrationRevoked(let uri, let reason): self.news.append("revoked \(uri): \(reason)")
                default: Issue.record("another observation")
                }
            }, changed: {}, random: { 1 })

        init() throws {
            self.thing = try Thing("com.example.a")
            self.holder.add(self.thing, isLate: false)
        }

        func answer(_ result: Result<Int, RequestError>) throws {
            try #require(!self.session.asked.isEmpty)
            self.session.asked.removeFirst()(result)
        }
    }

    private static let taken = RequestError(
        .refused, uri: WAMPError.procedureAlreadyExists.text, message: "the router answered: there is one")

    @Test("a thing that another session has is requested again when the time is over")
    func asksAgain() throws {
        let fixture = try Fixture()
        fixture.holder.joined(fixture.session)
        let ask = FakeSession.Request.ask("com.example.a", mayForce: true)
        check(fixture.session.requests, [ask])
        try fixture.answer(.failure(Self.taken))
        check(fixture.news, ["refused com.example.a: the router answered: there is one"])
        check(fixture.holder.complaints.named.map(\.name), ["procedure 'com.example.a'"])
        fixture.eventLoop.advanceTime(by: .milliseconds(499))
        check(fixture.session.requests, [ask])
        fixture.eventLoop.advanceTime(by: .milliseconds(1))
        check(fixture.session.requests, [ask, ask])
        try fixture.answer(.failure(Self.taken))
        check(fixture.news.count, 1, "that is no news")
        fixture.eventLoop.advanceTime(by: .seconds(1))
        try fixture.answer(.success(7))
        check(fixture.news.last, "registered com.example.a")
        check(fixture.holder.complaints.count, 0)
        check(fixture.holder.receiver(of: 7) === fixture.thing, true)
        check(fixture.holder.receiver(of: 8) == nil, true)
    }

    @Test("a timer of a lost session is canceled")
    func cancels() throws {
        let fixture = try Fixture()
        fixture.holder.joined(fixture.session)
        try fixture.answer(.failure(Self.taken))
        fixture.holder.left()
        fixture.eventLoop.advanceTime(by: .seconds(60))
        check(fixture.session.requests.count, 1)
        fixture.holder.joined(fixture.session)
        check(fixture.session.requests.count, 2)
        try fixture.answer(.failure(Self.taken))
        fixture.eventLoop.advanceTime(by: .milliseconds(300))
        fixture.holder.left()
        fixture.holder.joined(fixture.session)
        check(fixture.session.requests.count, 3)
        try fixture.answer(.failure(Self.taken))
        fixture.eventLoop.advanceTime(by: .milliseconds(499))
        check(fixture.session.requests.count, 3, "not when the first timer would have been over")
        fixture.holder.offer(false)
        fixture.eventLoop.advanceTime(by: .seconds(60))
        check(fixture.session.requests.count, 3)
    }

    @Test("an immediate failure causes no recursion, and the request is repeated later")
    func failsAtOnce() throws {
        let fixture = try Fixture()
        fixture.session.isClosed = true
        fixture.holder.joined(fixture.session)
        check(fixture.session.requests.count, 1)
        fixture.eventLoop.advanceTime(by: .seconds(16))
        check(fixture.session.requests.count, 2)
    }

    @Test("the session is given up, once, for an answer that was lost")
    func abandons() throws {
        let fixture = try Fixture()
        fixture.holder.joined(fixture.session)
        try fixture.answer(.failure(.timeout))
        fixture.eventLoop.advanceTime(by: .seconds(16))
        try fixture.answer(.failure(Self.taken))
        check(fixture.session.abandoned, [], "not while its answer is handed on")
        fixture.eventLoop.run()
        check(
            fixture.session.abandoned,
            ["it holds the registration of com.example.a, and its answer with the id was lost"])
    }

    @Test("a revoked thing is requested again, without force")
    func revoked() throws {
        let fixture = try Fixture()
        fixture.holder.joined(fixture.session)
        try fixture.answer(.success(7))
        fixture.holder.revoked(7, reason: nil)
        fixture.holder.revoked(7, reason: "again")
        check(fixture.news, ["registered com.example.a", "revoked com.example.a: no reason given"])
        check(fixture.holder.receiver(of: 7) == nil, true)
        fixture.eventLoop.advanceTime(by: .milliseconds(500))
        check(fixture.session.requests.last, .ask("com.example.a", mayForce: false))
    }

    @Test("a removed thing receives until the router has answered, and then has ended")
    func removed() throws {
        let fixture = try Fixture()
        fixture.holder.joined(fixture.session)
        try fixture.answer(.success(7))
        var ends = 0
        fixture.holder.remove(fixture.thing) { ends += 1 }
        fixture.holder.remove(fixture.thing) { ends += 100 }
        fixture.eventLoop.run()
        check(ends, 0)
        check(fixture.session.requests.last, .giveBack(7))
        check(fixture.holder.receiver(of: 7) === fixture.thing, true)
        fixture.session.givenBack.removeFirst()(.success(()))
        fixture.eventLoop.run()
        check(ends, 1)
        check(fixture.holder.receiver(of: 7) == nil, true)
    }

    @Test("draining ends when the router has answered, or when the time is over")
    func drains() throws {
        for answers in [true, false] {
            let fixture = try Fixture()
            fixture.holder.joined(fixture.session)
            try fixture.answer(.success(7))
            var ends = 0
            fixture.holder.drain(within: .seconds(2)) { ends += 1 }
            check(fixture.holder.isDrained, false)
            if answers {
                fixture.session.givenBack.removeFirst()(.success(()))
            } else {
                fixture.eventLoop.advanceTime(by: .milliseconds(1999))
                check(ends, 0)
                fixture.eventLoop.advanceTime(by: .milliseconds(1))
            }
            check(ends, 1)
            check(fixture.holder.isDrained, true)
            fixture.eventLoop.advanceTime(by: .seconds(9))
            fixture.holder.left()
            check(ends, 1)
        }
        let fixture = try Fixture()
        var ends = 0
        fixture.holder.drain(within: .seconds(2)) { ends += 1 }
        check(ends, 1, "nothing is held")
    }
}
