import NIOCore
import TestChecks
import Testing
import WAMPClient

@testable import Sidecar

/// Every event in every state: a table for each event has the states in which it does something, with what follows; in
/// all others nothing does.
@Suite("One thing that the router holds")
struct HoldingStateMachineTests {
    private typealias Machine = HoldingStateMachine<Int>
    private typealias State = Machine.State
    private typealias Past = Machine.Past

    private static let delays = HoldingDelays(
        backoff: Backoff(base: .milliseconds(500), greatest: .seconds(32)), shortest: .milliseconds(500),
        longestIfTaken: .seconds(2), weightOfRefusal: 6)
    /// It has been refused twice in this session.
    private static let past = Past(failures: 2, standing: .answered)
    private let states: [State] = [
        .apart(nil, isLate: true), .apart(.withheld, isLate: true), .apart(.elsewhere, isLate: true),
        .apart(.removed, isLate: true), .resting(past, .withheld), .resting(past, .elsewhere),
        .resting(past, .removed), .queued(past), .asking(past, nil), .asking(past, .withheld),
        .asking(past, .elsewhere), .asking(past, .removed), .held(7, past), .waiting(past), .lost(past, nil),
        .lost(past, .withheld), .lost(past, .elsewhere), .lost(past, .removed),
    ]

    private func table<Action: Equatable>(
        _ name: String, otherwise nothing: Action, _ rows: [(State, Action, State)],
        sourceLocation: SourceLocation = #_sourceLocation, event: (inout Machine) -> Action
    ) {
        for (state, _, _) in rows {
            check(self.states.contains(state), true, "\(name): no such state", sourceLocation: sourceLocation)
        }
        for state in self.states {
            let row = rows.first { $0.0 == state } ?? (state, nothing, state)
            var machine = Machine(state)
            let action = event(&machine)
            check(action, row.1, "\(name) in \(state)", sourceLocation: sourceLocation)
            check(machine.state, row.2, "\(name) in \(state)", sourceLocation: sourceLocation)
        }
    }

    private func past(
        failures: Int = 2, _ standing: Machine.Standing = .answered, mayForce: Bool = true, mayBeHeld: Bool = false
    ) -> Past {
        Past(failures: failures, standing: standing, mayForce: mayForce, mayBeHeld: mayBeHeld)
    }

    @Test("a session begins: wanted things are requested, and the last session does not count")
    func joined() {
        let fresh = Past(failures: 0, standing: .awaited)
        self.table(
            "joined", otherwise: .nothing,
            [
                (.apart(nil, isLate: true), .queue, .queued(fresh)),
                (.apart(.withheld, isLate: true), .nothing, .resting(fresh, .withheld)),
                (.apart(.elsewhere, isLate: true), .nothing, .resting(fresh, .elsewhere)),
                (.apart(.removed, isLate: true), .nothing, .resting(fresh, .removed)),
            ]
        ) { $0.joined(.awaited) }
    }

    @Test("a session ends: only whether it is wanted remains")
    func left() {
        for state in self.states {
            var machine = Machine(state)
            machine.left()
            let absence: Machine.Absence? =
                switch state {
                case .apart(let absence, _), .asking(_, let absence), .lost(_, let absence): absence
                case .resting(_, let absence): absence
                case .queued, .held, .waiting: nil
                }
            check(machine.state, .apart(absence, isLate: false), "left in \(state)")
        }
    }

    @Test("it is wanted: unless it is requested or held already it is requested, but never after its removal")
    func want() {
        let past = Self.past
        self.table(
            "want", otherwise: .nothing,
            [
                (.apart(.withheld, isLate: true), .nothing, .apart(nil, isLate: true)),
                (.apart(.elsewhere, isLate: true), .nothing, .apart(nil, isLate: true)),
                (.resting(past, .withheld), .queue, .queued(past)),
                (.resting(past, .elsewhere), .queue, .queued(past)),
                (.asking(past, .withheld), .nothing, .asking(past, nil)),
                (.asking(past, .elsewhere), .nothing, .asking(past, nil)),
                (.lost(past, .withheld), .nothing, .lost(past, nil)),
                (.lost(past, .elsewhere), .nothing, .lost(past, nil)),
            ]
        ) { $0.want() }
    }

    @Test("it is not wanted: a held thing is returned, and a requested one is when it comes")
    func unwant() {
        let past = Self.past
        for absence in [Machine.Absence.withheld, .elsewhere, .removed] {
            let others = [Machine.Absence?.none, .withheld, .elsewhere]
            var rows: [(State, Machine.UnwantAction, State)] = [
                (.queued(past), .nothing, .resting(past, absence)),
                (.held(7, past), .giveBack(7), .resting(past, absence)),
                (.waiting(past), .cancelTimer, .resting(past, absence)),
            ]
            for other in others {
                rows.append((.apart(other, isLate: true), .nothing, .apart(absence, isLate: true)))
                rows.append((.asking(past, other), .nothing, .asking(past, absence)))
                rows.append((.lost(past, other), .nothing, .lost(past, absence)))
                if let other { rows.append((.resting(past, other), .nothing, .resting(past, absence))) }
            }
            self.table("unwant \(absence)", otherwise: .nothing, rows) { $0.unwant(absence) }
        }
    }

    @Test("only a thing that waits for its turn is requested, without force once it was revoked")
    func turn() {
        self.table(
            "turn", otherwise: .skip, [(.queued(Self.past), .ask(mayForce: true), .asking(Self.past, nil))]
        ) { $0.turn() }
        var machine = Machine(.queued(self.past(mayForce: false)))
        check(machine.turn(), .ask(mayForce: false))
    }

    @Test("the router holds it: that is reported, or it is returned if it is not wanted any more")
    func granted() {
        let past = Self.past
        self.table(
            "granted", otherwise: .nothing,
            [
                (.asking(past, nil), .report, .held(9, self.past(failures: 0))),
                (.asking(past, .withheld), .giveBack(9), .resting(past, .withheld)),
                (.asking(past, .elsewhere), .giveBack(9), .resting(past, .elsewhere)),
                (.asking(past, .removed), .giveBack(9), .resting(past, .removed)),
            ]
        ) { $0.granted(9) }
        var machine = Machine(.asking(self.past(.awaited, mayForce: false, mayBeHeld: true), nil))
        check(machine.granted(9), .report)
        check(machine.state, .held(9, self.past(failures: 0, mayForce: false)), "what was unanswered is known now")
    }

    @Test("the router refuses: it is requested again after a time")
    func refused() {
        let asked = State.asking(Self.past, nil)
        for (refusal, mayAbandon, action, state) in [
            // Another session has it: soon.
            (.taken, true, .wait(.seconds(2)), .waiting(self.past(failures: 3))),
            // Permissions are missing: slowly.
            (.refused, true, .wait(.seconds(32)), .waiting(self.past(failures: 8))),
            // Nobody knows whether the router holds it.
            (.unanswered, true, .wait(.seconds(32)), .waiting(self.past(failures: 8, mayBeHeld: true))),
            // It does, and the id is lost.
            (.lost, true, .abandon, .lost(self.past(mayBeHeld: true), nil)),
            // A session was given up for that before.
            (.lost, false, .wait(.seconds(2)), .waiting(self.past(failures: 3, mayBeHeld: true))),
        ] as [(HoldingRefusal, Bool, Machine.RefusalAction, State)] {
            let known = self.past(mayBeHeld: refusal == .lost || refusal == .unanswered)
            self.table(
                "\(refusal)", otherwise: .nothing,
                [
                    (asked, action, state),
                    (.asking(Self.past, .withheld), .nothing, .resting(known, .withheld)),
                    (.asking(Self.past, .elsewhere), .nothing, .resting(known, .elsewhere)),
                    (.asking(Self.past, .removed), .nothing, .resting(known, .removed)),
                ]
            ) { $0.refused(refusal, mayAbandon: mayAbandon, delays: Self.delays, random: 1) }
        }
    }

    @Test("an unanswered request that the router then reports as held is the sidecar's, and lost")
    func lost() {
        for (mayBeHeld, refusal, isLost) in [
            (false, .taken, false), (true, .taken, true), (false, .lost, true), (true, .unanswered, false),
            (true, .refused, false),
        ] as [(Bool, HoldingRefusal, Bool)] {
            let machine = Machine(.asking(self.past(mayBeHeld: mayBeHeld), nil))
            check(machine.isLost(refusal), isLost, "\(refusal)")
        }
        for state in self.states where state != .asking(Self.past, nil) {
            check(Machine(state).isLost(.lost), false, "in \(state)")
        }
        var machine = Machine(.asking(self.past(mayBeHeld: true), nil))
        check(machine.refused(.taken, mayAbandon: true, delays: Self.delays, random: 1), .abandon)
        machine = Machine(.asking(self.past(mayBeHeld: true), nil))
        let action = machine.refused(.refused, mayAbandon: true, delays: Self.delays, random: 1)
        check(action, .wait(.seconds(32)), "that one is not lost")
    }

    @Test("the time is over: only a waiting thing is requested again")
    func timer() {
        self.table(
            "timer", otherwise: .nothing, [(.waiting(Self.past), .queue, .queued(Self.past))]
        ) { $0.timer() }
    }

    @Test("the router revokes it: it is requested again, never by force")
    func revoked() {
        let past = Self.past
        let forceless = self.past(mayForce: false)
        let former: [(State, Machine.RevocationAction, State)] = [
            (.resting(past, .withheld), .nothing, .resting(forceless, .withheld)),
            (.resting(past, .elsewhere), .nothing, .resting(forceless, .elsewhere)),
            (.resting(past, .removed), .nothing, .resting(forceless, .removed)),
            (.queued(past), .nothing, .queued(forceless)),
            (.asking(past, nil), .nothing, .asking(forceless, nil)),
            (.asking(past, .withheld), .nothing, .asking(forceless, .withheld)),
            (.asking(past, .elsewhere), .nothing, .asking(forceless, .elsewhere)),
            (.asking(past, .removed), .nothing, .asking(forceless, .removed)),
            (.waiting(past), .nothing, .waiting(forceless)),
        ]
        let held = State.held(7, past)
        self.table(
            "revoked", otherwise: .nothing,
            former + [(held, .wait(.seconds(2)), .waiting(self.past(failures: 3, mayForce: false)))]
        ) { $0.revoked(7, delays: Self.delays, random: 1) }
        self.table("another revoked", otherwise: .nothing, former + [(held, .nothing, .held(7, forceless))]) {
            $0.revoked(8, delays: Self.delays, random: 1)
        }
    }

    @Test("readiness waits for the router's first answer in a session about wanted things that existed before")
    func settled() {
        let rows: [(Machine.Absence?, [(Machine.Standing, Bool, Bool)])] = [
            // Standing; whether it is settled while it rests, and while it is asked for.
            (nil, [(.awaited, false, false), (.answered, false, true), (.late, true, true)]),
            (.withheld, [(.awaited, false, false), (.answered, false, true), (.late, true, true)]),
            (.elsewhere, [(.awaited, true, true), (.answered, true, true), (.late, true, true)]),
            (.removed, [(.awaited, true, true), (.answered, true, true), (.late, true, true)]),
        ]
        for (absence, standings) in rows {
            for (standing, atRest, asked) in standings {
                let past = self.past(standing)
                let settled = { Machine($0).isSettled }
                check(settled(.apart(absence, isLate: standing == .late)), atRest, "apart: \(standing)")
                check(settled(.asking(past, absence)), asked, "asking: \(standing)")
                if let absence {
                    check(settled(.resting(past, absence)), atRest, "resting: \(absence), \(standing)")
                    check(settled(.lost(past, absence)), absence != .withheld, "lost: \(absence)")
                } else {
                    check(settled(.queued(past)), asked, "queued: \(standing)")
                    check(settled(.held(7, past)), true)
                    check(settled(.waiting(past)), true)
                    check(settled(.lost(past, nil)), false)
                }
            }
        }
    }

    @Test("nothing can come for a thing at rest")
    func atRest() {
        for state in self.states {
            let isAtRest =
                switch state {
                case .apart, .resting: true
                case .queued, .asking, .held, .waiting, .lost: false
                }
            check(Machine(state).isAtRest, isAtRest, "\(state)")
            check(Machine(state).isHeld(as: 7), state == .held(7, Self.past))
            check(Machine(state).isHeld(as: 8), false)
        }
    }
}
