import NIOCore
import TestChecks
import Testing

@testable import Outbox

@Suite("Which of several sidecars leads")
struct LeadershipStateMachineTests {
    private typealias Machine = LeadershipStateMachine
    private let start = NIODeadline.uptimeNanoseconds(100_000_000_000)

    private func holder(_ pid: Int32 = 17, age: String? = "1") -> LeaderHolder? {
        LeaderHolder(["\(pid)", "10.0.0.1", "sidecar leader", nil, age])
    }

    /// Joined, in a session, and checking whether another session has a mark.
    private func looking(hasLease: Bool = true) -> Machine {
        var machine = Machine()
        check(machine.joined(), .nothing)
        check(machine.sessionOpened(backend: 5, hasLease: hasLease), .look)
        return machine
    }

    private func lookingAgain(hasLease: Bool = true) -> Machine {
        var machine = self.looking(hasLease: hasLease)
        self.lookAgain(&machine)
        return machine
    }

    private func lookAgain(_ machine: inout Machine) {
        check(machine.looked(nil, key: 7, at: self.start), .mark(7))
        check(machine.marked(true, at: self.start), .lookAgain)
    }

    private func leader() -> Machine {
        var machine = self.lookingAgain()
        check(machine.lookedAgain(nil, sentAt: self.start), .takeLease)
        check(machine.leaseAnswered(.taken(continued: true), sentAt: self.start), .lead)
        return machine
    }

    private func following(
        unmarks: Int32? = nil, standby: LeaderHolder? = nil, terminates: Int32? = nil
    ) -> Machine.Following {
        Machine.Following(unmarks: unmarks, standby: standby, terminates: terminates)
    }

    @Test("the age of the last stamp is that of the last that was answered")
    func ageOfTheStamp() {
        check(self.lookingAgain().stampAge(at: self.start), nil)
        var machine = self.leader()
        check(machine.stampAge(at: self.start + .seconds(2)), .seconds(2))
        check(machine.ticked(at: self.start + .seconds(3)), .stamp)
        check(machine.stampAge(at: self.start + .seconds(4)), .seconds(4), "it is not answered")
        check(machine.stamped(isOurs: true, othersWait: false, sentAt: self.start + .seconds(3)), .nothing)
        check(machine.stampAge(at: self.start + .seconds(4)), .seconds(1))
    }

    @Test("the lease is proven for nine seconds from when that was sent which the database has answered")
    func proof() {
        check(self.lookingAgain().provenUntil, nil)
        var machine = self.lookingAgain()
        check(machine.lookedAgain(nil, sentAt: self.start + .seconds(1)), .takeLease)
        check(machine.leaseAnswered(.taken(continued: true), sentAt: self.start + .seconds(2)), .lead)
        check(machine.provenUntil, self.start + .seconds(11))
        check(machine.ticked(at: self.start + .seconds(5)), .stamp)
        check(machine.provenUntil, self.start + .seconds(11), "it is not answered")
        for sent in [5, 3] as [Int64] {
            check(machine.stamped(isOurs: true, othersWait: false, sentAt: self.start + .seconds(sent)), .nothing)
            check(machine.provenUntil, self.start + .seconds(14), "an older one says nothing new")
        }
        check(machine.stamped(isOurs: false, othersWait: false, sentAt: self.start + .seconds(8)), .abandon)
        check(machine.provenUntil, self.start + .seconds(14))
        check(machine.sessionLost(at: self.start), .leadIsLost)
        check(machine.provenUntil, nil)

        machine = self.lookingAgain(hasLease: false)
        check(machine.lookedAgain(nil, sentAt: self.start + .seconds(1)), .settle(.lead))
        check(machine.provenUntil, self.start + .seconds(10))
    }

    @Test("while reading is suspended the lease counts as proven if nobody was there to take it, and it was in time")
    func proofWhileHeld() {
        for (hasStandbys, ticks, proven) in [
            (false, [5, 13], 22), (false, [5, 14], 14), (false, [9], 9), (true, [5, 8], 9),
        ] as [(Bool, [Int64], Int64)] {
            var machine = self.leader()
            check(machine.stamped(isOurs: true, othersWait: hasStandbys, sentAt: self.start), .nothing)
            for tick in ticks { _ = machine.ticked(isHeld: true, at: self.start + .seconds(tick)) }
            check(machine.provenUntil, self.start + .seconds(proven), "\(hasStandbys) \(ticks)")
        }
    }

    // MARK: - Requesting the lease

    @Test("the lease is requested when there is a session and a router, whichever comes first")
    func both() {
        var machine = Machine()
        check(machine.sessionOpened(backend: 5, hasLease: true), .nothing)
        check(machine.ticked(at: self.start), .nothing)
        check(machine.joined(), .look)
        check(machine.ticked(at: self.start), .nothing, "it is being asked")

        var other = Machine()
        check(other.joined(), .nothing)
        check(other.sessionOpened(backend: 5, hasLease: true), .look)
    }

    @Test("it looks, marks, looks again, and takes the lease: then it leads")
    func takes() {
        for isContinued in [true, false] {
            var machine = self.lookingAgain()
            check(machine.lookedAgain(nil, sentAt: self.start), .takeLease)
            check(machine.role, .unknown)
            check(machine.leaseAnswered(.taken(continued: isContinued), sentAt: self.start), .lead)
            check(machine.isLeading, true)
            check(machine.role, .leader(continued: isContinued))
        }
    }

    @Test("without a lease it leads by its mark alone; others may have led meanwhile where some stood by")
    func takesWithoutLease() {
        var machine = self.lookingAgain(hasLease: false)
        check(machine.lookedAgain(nil, sentAt: self.start), .settle(.lead))
        check(machine.role, .leader(continued: true))
        check(machine.stamped(isOurs: true, othersWait: true, sentAt: self.start), .nothing)
        check(machine.hasStandbys, true)
        check(machine.sessionLost(at: self.start), .leadIsLost)
        check(machine.sessionOpened(backend: 5, hasLease: false), .look)
        self.lookAgain(&machine)
        check(machine.lookedAgain(nil, sentAt: self.start), .settle(.lead))
        check(machine.role, .leader(continued: false))
    }

    @Test("wherever another one is found it stands by, releases its mark if it has one, and tries again in a second")
    func follows() {
        let holder = self.holder()
        var machine = self.looking()
        check(machine.looked(holder, key: 7, at: self.start), .follow(self.following(standby: holder)))
        check(machine.role, holder.map { .standby($0) } ?? .unknown)
        check(machine.ticked(at: self.start), .look)

        machine = self.looking()
        _ = machine.looked(nil, key: 7, at: self.start)
        check(machine.marked(false, at: self.start), .follow(self.following()), "it was not seen which")
        check(machine.role, .unknown)
        check(machine.ticked(at: self.start), .look)

        machine = self.lookingAgain()
        check(
            machine.lookedAgain(holder, sentAt: self.start),
            .settle(.follow(self.following(unmarks: 7, standby: holder))))
        check(machine.ticked(at: self.start), .look)

        machine = self.lookingAgain()
        _ = machine.lookedAgain(nil, sentAt: self.start)
        check(
            machine.leaseAnswered(.held(holder), sentAt: self.start),
            .follow(self.following(unmarks: 7, standby: holder)))
        check(machine.ticked(at: self.start), .look)
    }

    @Test("another leader is reported once, until a different one leads, or the leader was unknown")
    func news() {
        let (first, second) = (self.holder(17), self.holder(18))
        var machine = self.looking()
        for (holder, isNews) in [(first, true), (first, false), (second, true), (second, false), (first, true)] {
            check(
                machine.looked(holder, key: 7, at: self.start),
                .follow(self.following(standby: isNews ? holder : nil)))
            _ = machine.ticked(at: self.start)
        }
        self.lookAgain(&machine)
        _ = machine.lookedAgain(nil, sentAt: self.start)
        _ = machine.leaseAnswered(.taken(continued: false), sentAt: self.start)
        check(machine.sessionLost(at: self.start), .leadIsLost)
        check(machine.role, .unknown)
        _ = machine.sessionOpened(backend: 5, hasLease: true)
        check(machine.looked(first, key: 7, at: self.start), .follow(self.following(standby: first)))
    }

    @Test("a leader whose stamp is old loses its session")
    func oldStamp() {
        for (age, pid) in [("14.9", nil), ("15", 17), ("99", 17)] as [(String, Int32?)] {
            var machine = self.looking()
            let holder = self.holder(age: age)
            check(
                machine.looked(holder, key: 7, at: self.start),
                .follow(self.following(standby: holder, terminates: pid)), "\(age)")
            check(machine.ticked(at: self.start), .look)
        }
    }

    @Test("once its session was asked to end, the mark of a leader without a sign of life leaves it to the lease")
    func hungBackend() {
        let holder = self.holder(age: "15")
        for (asked, isReady) in [(nil, false), (18, false), (17, true)] as [(Int32?, Bool)] {
            var machine = self.looking()
            check(
                machine.looked(holder, key: 7, at: self.start),
                .follow(self.following(standby: holder, terminates: 17)))
            if let asked { check(machine.asked(toEnd: asked), true) }
            check(machine.ticked(at: self.start), .look)
            guard isReady else {
                check(
                    machine.looked(holder, key: 7, at: self.start), .follow(self.following(terminates: 17)),
                    "\(asked ?? 0)")
                continue
            }
            check(machine.looked(holder, key: 7, at: self.start), .mark(7))
            check(machine.marked(true, at: self.start), .lookAgain)
            check(machine.lookedAgain(holder, sentAt: self.start), .takeLease)
            check(
                machine.leaseAnswered(.held(holder), sentAt: self.start),
                .follow(self.following(unmarks: 7, terminates: 17)), "it is too early")
            check(machine.asked(toEnd: 17), false, "that is no news")
            check(machine.ticked(at: self.start), .look)
            check(machine.looked(holder, key: 8, at: self.start), .mark(8))
            check(machine.marked(true, at: self.start), .lookAgain)
            check(machine.lookedAgain(holder, sentAt: self.start), .takeLease)
            check(machine.leaseAnswered(.taken(continued: false), sentAt: self.start), .lead)
        }
    }

    @Test("a leader that was asked to end, and stamps again, is in the way again, as is any other")
    func livesAgain() {
        let (awake, other) = (self.holder(age: "1"), self.holder(18, age: "15"))
        var machine = self.looking()
        _ = machine.looked(self.holder(age: "15"), key: 7, at: self.start)
        check(machine.asked(toEnd: 17), true)
        _ = machine.ticked(at: self.start)
        self.lookAgain(&machine)
        check(
            machine.lookedAgain(other, sentAt: self.start),
            .settle(.follow(self.following(unmarks: 7, standby: other, terminates: 18))))
        check(machine.asked(toEnd: 18), true)
        _ = machine.ticked(at: self.start)
        check(machine.looked(awake, key: 7, at: self.start), .follow(self.following(standby: awake)))
        _ = machine.ticked(at: self.start)
        check(
            machine.looked(self.holder(age: "15"), key: 7, at: self.start),
            .follow(self.following(terminates: 17)))
        check(machine.asked(toEnd: 17), true, "another outage")
    }

    @Test("its own former session is no other leader, as long as nobody stamps there")
    func ownFormerSession() {
        for (age, isOwn) in [("20", true), ("9", true), ("2", false)] {
            var machine = self.leader()
            check(machine.sessionLost(at: self.start), .leadIsLost)
            check(machine.sessionOpened(backend: 6, hasLease: true), .look)
            let holder = self.holder(5, age: age)
            check(
                machine.looked(holder, key: 7, at: self.start + .seconds(10)),
                .follow(self.following(standby: isOwn ? nil : holder, terminates: age == "20" ? 5 : nil)), "\(age)")
            check(machine.role, isOwn ? .unknown : holder.map { .standby($0) } ?? .unknown, "\(age)")
        }
    }

    @Test("a leader without a stamp is as old as it has been seen; without a lease there are no stamps")
    func noStamp() {
        for hasLease in [true, false] {
            var machine = self.looking(hasLease: hasLease)
            let holder = self.holder(age: nil)
            for (seconds, pid) in [(0, nil), (14, nil), (15, 17), (16, 17)] as [(Int64, Int32?)] {
                let now = self.start + .seconds(seconds)
                check(
                    machine.looked(holder, key: 7, at: now),
                    .follow(
                        self.following(standby: seconds == 0 ? holder : nil, terminates: hasLease ? pid : nil)))
                _ = machine.ticked(at: now)
            }
            let other = self.holder(18, age: nil)
            check(
                machine.looked(other, key: 7, at: self.start + .seconds(17)),
                .follow(self.following(standby: other)), "another one")
            _ = machine.ticked(at: self.start)
            let stamped = self.holder(18, age: "1")
            check(machine.looked(stamped, key: 7, at: self.start + .seconds(30)), .follow(self.following()))
            _ = machine.ticked(at: self.start)
            check(
                machine.looked(other, key: 7, at: self.start + .seconds(40)), .follow(self.following()),
                "it has stamped meanwhile")
        }
    }

    @Test("a lease that comes when the router is lost is returned, and the mark released: nothing had begun")
    func lateLease() {
        let release = Machine.Release(mark: 7, handsOver: false)
        var machine = self.lookingAgain()
        machine.left(at: self.start)
        check(machine.lookedAgain(nil, sentAt: self.start), .takeLease)
        check(machine.leaseAnswered(.taken(continued: true), sentAt: self.start), .release(release))
        check(machine.isLeading, false)
        check(machine.role, .unknown)

        machine = self.lookingAgain(hasLease: false)
        machine.left(at: self.start)
        check(machine.lookedAgain(nil, sentAt: self.start), .settle(.release(release)))
    }

    @Test("answers that do not fit belong to a lost session")
    func lateAnswers() {
        var machine = self.lookingAgain()
        check(machine.sessionLost(at: self.start), .nothing)
        for isOpenAgain in [false, true] {
            if isOpenAgain { check(machine.sessionOpened(backend: 5, hasLease: true), .look) }
            check(machine.marked(true, at: self.start), .nothing)
            check(machine.lookedAgain(nil, sentAt: self.start), .nothing)
            check(machine.leaseAnswered(.taken(continued: true), sentAt: self.start), .nothing)
            if !isOpenAgain { check(machine.looked(nil, key: 1, at: self.start), .nothing) }
        }
        check(machine.looked(nil, key: 8, at: self.start), .mark(8))
    }

    // MARK: - Leading

    @Test("the leader stamps every three seconds")
    func stamps() {
        var machine = self.leader()
        for (seconds, action) in [(2, .nothing), (3, .stamp), (4, .nothing), (6, .stamp)]
            as [(Int64, Machine.TickAction)]
        {
            check(machine.ticked(at: self.start + .seconds(seconds)), action, "after \(seconds) s")
        }
    }

    @Test("a leader whose stamps are not answered gives its session up before others may take the lease")
    func unanswered() {
        var machine = self.leader()
        func stamped(sent seconds: Int64) {
            check(
                machine.stamped(isOurs: true, othersWait: false, sentAt: self.start + .seconds(seconds)), .nothing)
        }
        check(machine.ticked(at: self.start + .seconds(3)), .stamp)
        stamped(sent: 3)
        check(machine.ticked(at: self.start + .seconds(11)), .stamp)
        check(machine.ticked(at: self.start + .seconds(12)), .abandon)
        stamped(sent: 1)
        check(machine.ticked(at: self.start + .seconds(12)), .abandon, "an older one says nothing new")
        stamped(sent: 11)
        check(machine.ticked(at: self.start + .seconds(12)), .nothing)
    }

    @Test("suspended reading, since the router accepts nothing, is not the database's silence")
    func heldSession() {
        var machine = self.leader()
        check(machine.ticked(isHeld: true, at: self.start + .seconds(9)), .stamp)
        check(machine.ticked(at: self.start + .seconds(17)), .stamp)
        check(machine.ticked(at: self.start + .seconds(18)), .abandon)
    }

    @Test("a leader that has lost its lease to another gives its session up")
    func leaseLost() {
        var machine = self.leader()
        check(machine.stamped(isOurs: false, othersWait: false, sentAt: self.start), .abandon)
    }

    @Test("a leader that gives way tries again when its time is over")
    func givesWay() {
        var machine = self.leader()
        check(
            machine.giveWay(until: self.start + .seconds(5)), .release(Machine.Release(mark: 7, handsOver: true)))
        check(machine.isLeading, false)
        check(machine.role, .unknown)
        check(machine.ticked(at: self.start + .milliseconds(4999)), .nothing)
        check(machine.joined(), .nothing)
        check(machine.giveWay(until: self.start + .seconds(9)), .nothing)
        check(machine.sessionLost(at: self.start), .nothing)
        check(machine.sessionOpened(backend: 5, hasLease: true), .nothing, "nor in another session")
        check(machine.ticked(at: self.start + .seconds(5)), .look)
    }

    @Test("without a router it returns the lease after a while, and leads again when there is one")
    func withoutRouter() {
        var machine = self.leader()
        machine.left(at: self.start)
        check(machine.ticked(at: self.start + .seconds(2)), .nothing)
        check(machine.joined(), .nothing)
        check(machine.ticked(at: self.start + .seconds(6)), .stamp, "the router came back in time")
        check(machine.stamped(isOurs: true, othersWait: false, sentAt: self.start + .seconds(14)), .nothing)
        machine.left(at: self.start + .seconds(10))
        check(
            machine.ticked(at: self.start + .seconds(15)), .release(Machine.Release(mark: 7, handsOver: true)))
        check(machine.isLeading, false)
        check(machine.ticked(at: self.start + .seconds(16)), .nothing)
        check(machine.joined(), .look)
    }

    @Test("with its session the leader loses everything")
    func sessionLost() {
        var machine = self.leader()
        check(machine.sessionLost(at: self.start), .leadIsLost)
        check(machine.isLeading, false)
        check(machine.ticked(at: self.start + .seconds(9)), .nothing)
        check(machine.sessionOpened(backend: 5, hasLease: true), .look)
        check(machine.sessionLost(at: self.start), .nothing)
    }

    @Test("when it is stopped the leader hands over, and nothing follows")
    func stopped() {
        for (leads, action) in [(true, Machine.StopAction.handOver), (false, .nothing)] {
            var machine = leads ? self.leader() : self.looking()
            check(machine.stop(), action)
            check(machine.role, .unknown)
            check(machine.stop(), .nothing)
            check(machine.sessionOpened(backend: 5, hasLease: true), .nothing)
            check(machine.joined(), .nothing)
            check(machine.ticked(at: self.start + .seconds(20)), .nothing)
            check(machine.sessionLost(at: self.start), .nothing)
        }
    }
}
