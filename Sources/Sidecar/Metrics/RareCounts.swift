import CallPort
import Outbox
import Postgres
import WAMPClient

/// Counts what is observed: all that is rare. What happens with each call or event is counted where it happens.
struct RareCounts: Measured {
    private static let parts: [ConnectionSettings.Part] = [.calls, .guests, .control, .listener, .leader]

    private struct Connects {
        var made = 0
        var failed = 0
    }

    private enum Refusal: String, CaseIterable {
        case authentication
        case sessions
        case `protocol`
    }

    private var routerSessions = 0
    private var routerLosses: [ConnectionFault.Code: Int] = [:]
    private var connects: [ConnectionSettings.Part: Connects] = [:]
    private var leaderChanges = 0
    private var publishedTwice = 0
    private var outboxLetters = 0
    private var refusals: [Refusal: Int] = [:]

    /// Something was observed.
    mutating func record(_ observation: Observation) {
        switch observation {
        case .router(let event): self.record(event)
        case .database(let event): self.record(event)
        case .outbox(let event): self.record(event)
        case .callPort(let event): self.record(event)
        default: break
        }
    }

    private mutating func record(_ event: RouterEvent) {
        switch event {
        case .joined: self.routerSessions += 1
        case .left(_, _, let fault, let wait):
            if wait != nil { self.routerLosses[fault.code, default: 0] += 1 }
        case .connecting, .connectFailed, .credentialsRefused, .distrusted, .serializerRefused, .featureMissing,
            .dropped, .askedAgain, .writabilityChanged, .stopped:
            break
        }
    }

    private mutating func record(_ event: DatabaseEvent) {
        switch event {
        case .connected(let part, _, _): self.connects[part, default: Connects()].made += 1
        case .connectFailed(let part, _), .connectionMissing(let part, _):
            self.connects[part, default: Connects()].failed += 1
        case .connectionsComplete, .lost, .callsAvailable, .callsUnavailable, .listening: break
        }
    }

    private mutating func record(_ event: OutboxEvent) {
        switch event {
        case .leading: self.leaderChanges += 1
        case .deadLetter: self.outboxLetters += 1
        case .eventsPublishedTwice(let least): self.publishedTwice += least
        case .eventHeld, .topicsHeld, .topicsReleased, .heldBack, .idsSetBack, .eventsFoundAsleep, .deadLettersExpired,
            .relayFailed, .figuresUnknown, .relayRecovered, .backlogFound, .backlogShrinks, .backlogOver, .standby,
            .leaderTerminated,
            .leaderLockTaken:
            break
        }
    }

    private mutating func record(_ event: CallPortEvent) {
        switch event {
        case .authenticationFailed: self.refusals[.authentication, default: 0] += 1
        case .tooManySessions: self.refusals[.sessions, default: 0] += 1
        case .refused: self.refusals[.protocol, default: 0] += 1
        case .port, .fewerSessions: break
        }
    }

    func measure(into exposition: inout Exposition) {
        exposition.begin(.routerSessions)
        exposition.add(self.routerSessions)
        exposition.begin(.routerLosses)
        for code in ConnectionFault.Code.allCases where code != .stopped {
            let reason = String(code.rawValue.lowercased().map { $0 == " " ? "_" : $0 })
            exposition.add(self.routerLosses[code] ?? 0, reason)
        }
        exposition.begin(.databaseConnects)
        for part in Self.parts {
            let connects = self.connects[part] ?? Connects()
            exposition.add(connects.made, part.rawValue, "ok")
            exposition.add(connects.failed, part.rawValue, "failed")
        }
        exposition.begin(.leaderChanges)
        exposition.add(self.leaderChanges)
        exposition.begin(.outboxRepeated)
        exposition.add(self.publishedTwice)
        exposition.begin(.callerRefused)
        for reason in Refusal.allCases { exposition.add(self.refusals[reason] ?? 0, reason.rawValue) }
    }

    /// Dead letters of events that SQL had published.
    var lettersOfPublications: Int { self.outboxLetters }
}
