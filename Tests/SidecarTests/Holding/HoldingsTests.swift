import NIOCore
import Names
import TestChecks
import Testing
import WAMPClient

@testable import Sidecar

@Suite("All holdings")
struct HoldingsTests {
    private typealias All = Holdings<String, Int>
    private typealias Request = All.Request

    private static let terms = HoldingTerms(
        thing: "procedure", holding: "registration",
        delays: HoldingDelays(
            backoff: Backoff(base: .milliseconds(500), greatest: .seconds(32)), shortest: .milliseconds(500),
            longestIfTaken: .seconds(2), weightOfRefusal: 6),
        takenError: "taken", lead: .undecided)

    private func none() -> All { All(Self.terms) { "procedure '\($0)'" } }

    /// In a first session, in which nothing has been asked yet.
    private func joined(_ things: String..., singles: String...) -> All {
        var all = self.none()
        for thing in things { all.add(thing, isSingle: false, isLate: false) }
        for thing in singles { all.add(thing, isSingle: true, isLate: false) }
        _ = all.joined()
        return all
    }

    private func requests(_ all: inout All) -> [Request] {
        var requests: [Request] = []
        while let request = all.next() { requests.append(request) }
        return requests.sorted { $0.thing < $1.thing }
    }

    private func ask(_ thing: String, session: Int = 1, mayForce: Bool = true) -> Request {
        Request(thing: thing, kind: .ask(mayForce: mayForce), session: session)
    }

    private func giveBack(_ thing: String, _ id: Int, session: Int = 1) -> Request {
        Request(thing: thing, kind: .giveBack(id), session: session)
    }

    private func answer(_ all: inout All, _ request: Request, _ answer: All.Answer) -> All.AnswerAction {
        all.answered(request, answer, random: 1)
    }

    /// Has everything granted, with ids from 1.
    private func grantAll(_ all: inout All) {
        for (index, request) in self.requests(&all).enumerated() {
            check(self.answer(&all, request, .granted(index + 1)), .reportGrant)
        }
    }

    @Test("without a session nothing is requested; in one everything is, and readiness waits for the answers")
    func sessions() {
        var all = self.none()
        check(all.isSettled, true)
        all.add("a", isSingle: false, isLate: false)
        check(all.next(), nil)
        check(all.isSettled, false)
        check(all.joined(), [])
        check(self.requests(&all), [self.ask("a")])
        check(all.isAnswered, false)
        check(self.answer(&all, self.ask("a"), .granted(7)), .reportGrant)
        check(all.isSettled && all.isAnswered, true)
        check(all.receivers.only(of: 7), "a")

        check(all.left(), [])
        check(all.isSettled, false)
        check(all.receivers.isEmpty(7), true)
        check(all.joined(), [])
        check(self.requests(&all), [self.ask("a", session: 2)])
        check(self.answer(&all, self.ask("a", session: 1), .granted(9)), .nothing, "of the session before")
        check(all.receivers.isEmpty(9), true)
    }

    @Test("sixteen requests are under way at once, and each answer makes room for one")
    func bound() {
        var all = self.none()
        for number in 1...20 { all.add("\(number)", isSingle: false, isLate: false) }
        _ = all.joined()
        let first = self.requests(&all)
        check(first.count, 16)
        check(all.next(), nil)
        check(self.answer(&all, first[0], .granted(1)), .reportGrant)
        check(self.requests(&all).count, 1)
        // What was asked in a session that is gone counts until its answer is there, which is never lost.
        _ = all.left()
        _ = all.joined()
        check(all.next(), nil)
        check(self.answer(&all, first[1], .refused(.refused, reason: "the session ended")), .nothing)
        check(self.requests(&all).count, 1)
    }

    @Test("a thing removed while it waited for its turn is skipped and takes no turn")
    func skipped() {
        var all = self.joined("a", "b")
        check(all.offer(false), [])
        check(all.next(), nil)
        check(all.isAnswered, true)
        check(all.offer(false), [])
        check(all.offer(true), [])
        check(self.requests(&all), [self.ask("a"), self.ask("b")], "each once")
    }

    @Test("the leader holds things that only one sidecar may have")
    func leads() {
        var all = self.joined("shared", singles: "single")
        check(self.requests(&all), [self.ask("shared")])
        check(self.answer(&all, self.ask("shared"), .granted(1)), .reportGrant)
        check(all.isSettled, false, "it is not known yet who leads")
        check(all.lead(is: .elsewhere), [])
        check(all.isSettled, true)
        check(all.lead(is: .here), [])
        check(all.isSettled, false)
        check(self.requests(&all), [self.ask("single")])
        check(self.answer(&all, self.ask("single"), .granted(2)), .reportGrant)
        check(all.isSettled, true)
        check(all.lead(is: .elsewhere), [])
        check(self.requests(&all), [self.giveBack("single", 2)])
        check(all.receivers.only(of: 2), "single", "until the router has answered")
        check(all.gaveBack(self.giveBack("single", 2)), [])
        check(all.receivers.isEmpty(2), true)
        check(all.receivers.only(of: 1), "shared")
    }

    @Test("without an offer nothing is held, wherever the leader is")
    func offers() {
        var all = self.joined("a", singles: "b")
        _ = all.lead(is: .here)
        self.grantAll(&all)
        check(all.offer(false), [])
        check(self.requests(&all), [self.giveBack("a", 1), self.giveBack("b", 2)])
        check(all.isAnswered, false)
        for request in [self.giveBack("a", 1), self.giveBack("b", 2)] { check(all.gaveBack(request), []) }
        check(all.isAnswered, true)
        check(all.isSettled, false)
        check(all.lead(is: .elsewhere), [])
        check(all.lead(is: .here), [])
        check(all.next(), nil)
    }

    @Test("an unwanted holding that comes late is returned at once, and receives until then")
    func tooLate() {
        var all = self.joined("a")
        check(self.requests(&all), [self.ask("a")])
        _ = all.offer(false)
        check(self.answer(&all, self.ask("a"), .granted(7)), .nothing)
        check(all.receivers.only(of: 7), "a")
        check(self.requests(&all), [self.giveBack("a", 7)])
        check(all.gaveBack(self.giveBack("a", 7)), [])
        check(all.receivers.isEmpty(7), true)
    }

    @Test("the same refusal is reported once, until it is granted or not wanted")
    func complaints() {
        var all = self.joined("a")
        for (reason, isNews) in [("no", true), ("no", false), ("never", true)] {
            check(self.requests(&all), [self.ask("a")])
            let action = self.answer(&all, self.ask("a"), .refused(.taken, reason: reason))
            guard case .wait(_, isNews) = action else {
                Issue.record("\(action)")
                return
            }
            check(all.isSettled, true)
            check(all.complaints.named, [Complaint(name: "procedure 'a'", reason: reason)])
            check(all.next(), nil, "not before the time is over")
            all.timer("a")
            check(all.isSettled, true)
        }
        _ = all.left()
        _ = all.joined()
        check(self.requests(&all), [self.ask("a", session: 2)])
        check(
            self.answer(&all, self.ask("a", session: 2), .refused(.taken, reason: "never")),
            .wait(.milliseconds(500), isNews: false), "a new session is none")
        check(all.offer(false), ["a"], "its timer")
        check(all.complaints.count, 0)
        all.timer("a")
        check(all.next(), nil, "too late")
    }

    @Test("a lost answer costs one session, and no other until all is well")
    func lost() {
        var all = self.joined("a", "b")
        check(self.requests(&all), [self.ask("a"), self.ask("b")])
        check(self.answer(&all, self.ask("a"), .refused(.lost, reason: "lost")), .abandon)
        check(
            self.answer(&all, self.ask("b"), .refused(.lost, reason: "lost")),
            .wait(.milliseconds(500), isNews: true))

        _ = all.left()
        _ = all.joined()
        check(self.requests(&all), [self.ask("a", session: 2), self.ask("b", session: 2)])
        check(
            self.answer(&all, self.ask("a", session: 2), .refused(.lost, reason: "lost")),
            .wait(.milliseconds(500), isNews: true))
        check(self.answer(&all, self.ask("b", session: 2), .granted(2)), .reportGrant)
        check(all.isSettled, true, "but not well")

        _ = all.left()
        _ = all.joined()
        check(self.requests(&all).count, 2)
        check(
            self.answer(&all, self.ask("a", session: 3), .refused(.lost, reason: "lost")),
            .wait(.milliseconds(500), isNews: false))
        check(self.answer(&all, self.ask("b", session: 3), .granted(2)), .reportGrant)

        _ = all.left()
        _ = all.joined()
        self.grantAll(&all)
        _ = all.left()
        _ = all.joined()
        check(self.requests(&all).count, 2)
        check(self.answer(&all, self.ask("a", session: 5), .refused(.lost, reason: "lost")), .abandon)
    }

    @Test("an unanswered request that turns out to be held costs the session as well")
    func unanswered() {
        var all = self.joined("a")
        check(self.requests(&all), [self.ask("a")])
        check(
            self.answer(&all, self.ask("a"), .refused(.unanswered, reason: "no answer")),
            .wait(.seconds(16), isNews: true))
        all.timer("a")
        check(self.requests(&all), [self.ask("a")])
        check(self.answer(&all, self.ask("a"), .refused(.taken, reason: "taken")), .abandon)
        check(all.isSettled, false)
    }

    @Test("revoked things are requested again without force, and only those that still have the id")
    func revoked() {
        var all = self.joined("a", "b", "c")
        for request in self.requests(&all) { check(self.answer(&all, request, .granted(7)), .reportGrant) }
        check(all.remove("b"), .wait)
        check(all.remove("b"), .nothing)
        check(self.requests(&all), [self.giveBack("b", 7)])
        let revocations = all.revoked(7) { 0 }.sorted { $0.thing < $1.thing }
        let again = All.Revocation.Action.wait(.milliseconds(500))
        check(revocations.map(\.thing), ["a", "b", "c"])
        check(revocations.map(\.action), [again, .end, again])
        check(all.complaints.named.map(\.reason), Array(repeating: "the registration was revoked", count: 2))
        check(all.isSettled, true)
        all.timer("a")
        check(self.requests(&all), [self.ask("a", mayForce: false)])
        check(all.revoked(7) { 0 }, [])
    }

    @Test("a removed thing ends when nothing more can come for it")
    func removed() {
        var all = self.joined("held", "asked", "refused")
        for request in self.requests(&all) where request.thing != "asked" {
            _ = self.answer(
                &all, request, request.thing == "held" ? .granted(7) : .refused(.refused, reason: "no"))
        }
        check(all.remove("refused"), .end)
        check(all.complaints.count, 0)
        check(all.remove("held"), .wait)
        check(all.remove("asked"), .wait)
        check(all.isSettled, true, "readiness does not wait for it")
        check(self.requests(&all), [self.giveBack("held", 7)])
        check(all.gaveBack(self.giveBack("held", 7)), ["held"])
        check(self.answer(&all, self.ask("asked"), .granted(8)), .nothing)
        check(self.requests(&all), [self.giveBack("asked", 8)])
        check(all.gaveBack(self.giveBack("asked", 8)), ["asked"])
        check(all.isAnswered, true)
        check(all.remove("unknown"), .nothing)
    }

    @Test("a thing removed and refused, or removed when the session ends, has ended")
    func removedAndGone() {
        var all = self.joined("a", "b", "c")
        check(self.requests(&all).count, 3)
        check(all.remove("a"), .wait)
        check(all.remove("b"), .wait)
        check(self.answer(&all, self.ask("a"), .refused(.refused, reason: "no")), .end)
        check(all.left(), ["b"])
        check(self.answer(&all, self.ask("b"), .refused(.refused, reason: "no session")), .nothing)
        check(all.remove("c"), .end)
        check(all.joined(), [])
        check(all.next(), nil)
    }

    @Test("readiness does not wait for things added later, in this session")
    func late() {
        var all = self.joined("a")
        self.grantAll(&all)
        all.add("late", isSingle: false, isLate: true)
        check(all.isSettled, true)
        check(self.requests(&all), [self.ask("late")])
        all.add("awaited", isSingle: false, isLate: false)
        check(all.isSettled, false)
        check(self.requests(&all), [self.ask("awaited")])
        check(self.answer(&all, self.ask("awaited"), .granted(9)), .reportGrant)
        check(all.isSettled, true)
        _ = all.left()
        _ = all.joined()
        check(all.isSettled, false)
    }

    @Test("a new session without the end of the last is its end")
    func joinedTwice() {
        var all = self.joined("a")
        self.grantAll(&all)
        check(all.remove("a"), .wait)
        all.add("b", isSingle: false, isLate: false)
        check(all.joined(), ["a"])
        check(self.requests(&all), [self.ask("b", session: 2)])
    }

    /// Two seconds in debug; walking takes minutes.
    @Test("no operation on one thing visits the others", .timeLimit(.minutes(1)))
    func many() {
        var all = self.none()
        let count = 50_000
        for number in 0..<count { all.add("\(number)", isSingle: false, isLate: false) }
        _ = all.joined()
        var answered = 0
        // All have one id, as subscriptions to one topic have.
        while let request = all.next() {
            _ = all.answered(request, .granted(7), random: 1)
            answered += 1
        }
        check(answered, count)
        for number in 0..<count { _ = all.remove("\(number)") }
        while let request = all.next() { _ = all.gaveBack(request) }
        check(all.receivers.isEmpty(7), true)
    }
}

@Suite("Lost answers")
struct LostAnswersTests {
    @Test("every event in every state")
    func table() {
        for (state, gives, happened, left, settled) in [
            (.none, true, .sessionGivenUp, .none, .none),
            (.sessionGivenUp, false, .repeated, .sessionGivenUp, .none),
            (.repeated, false, .repeated, .sessionGivenUp, .repeated),
        ] as [(LostAnswers, Bool, LostAnswers, LostAnswers, LostAnswers)] {
            var answers = state
            #expect(answers.happened() == gives)
            #expect(answers == happened)
            answers = state
            answers.left()
            #expect(answers == left)
            answers = state
            answers.settled()
            #expect(answers == settled)
        }
    }
}
