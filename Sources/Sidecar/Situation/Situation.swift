import Names
import Outbox
import Postgres
import SQLInterface
import WAMP
import WAMPClient

/// The facts that the parts of the sidecar depend on. Only ``CurrentSituation`` changes them.
struct Situation {
    /// The sidecar's session with a router.
    enum Router {
        case notYetJoined
        case joined(Session)
        /// The last session has ended: with which router, and why.
        case left(RouterURL, SessionEnd)
    }

    /// The last known state of the SQL interface. Each new session for leading looks at it again.
    struct Interface {
        /// Distinguishes two looks with the same result.
        let look: Int
        let outcome: SelfInstallation.Outcome

        /// Whether the SQL interface can be used.
        var isUsable: Bool { self.outcome.state.usable != nil }
    }

    /// Why the sessions with both sides end for good.
    enum Ending {
        /// The process got the signal to stop.
        case process
        /// A changed file needs other sessions.
        case renewal
    }

    var router = Router.notYetJoined
    /// Whether the router accepts output. Parts produce less while it does not.
    var isRouterReading = true

    /// Whether functions can be called.
    var isDatabaseAvailable = false
    /// The number of sessions that the sidecar has opened for look-ups. A new one may find other functions than the
    /// last one.
    var lookupSessions = 0
    /// Why there is no session with the router, as far as is known.
    var routerObstacle: Obstacle?
    /// Why a part of the connections to the database isn't there, as far as is known.
    var databaseObstacles: [ConnectionSettings.Part: Obstacle] = [:]
    /// Whether the sidecar listens to its channels.
    var isListening = false
    /// How often it has begun to. Notifications before that may have been missed.
    var listenings = 0

    var interface: Interface?

    /// Which sidecar leads.
    var leadership = Leadership.Role.unknown
    var acting = Acting.undecided
    /// The session in which this sidecar leads, while it leads and can use the SQL interface.
    var leaderSession: (any LeaderSession)?

    /// Whether the call port listens; nil before it was opened.
    var isPortListening: Bool?

    /// Why all of this ends, if it does: nothing new is begun.
    var ending: Ending?

    /// Why the database can't be used, or not in full, as far as is known.
    var databaseObstacle: Obstacle? {
        [.calls, .listener, .leader, .control].lazy.compactMap { self.databaseObstacles[$0] }.first
    }

    /// The session with the router, while there is one.
    var session: Session? {
        switch self.router {
        case .joined(let session): session
        case .notYetJoined, .left: nil
        }
    }

    /// Whether the SQL interface can be used.
    var isInstalled: Bool { self.interface?.isUsable ?? false }
}

extension Situation {
    /// A change of the session with the router.
    enum SessionChange {
        case joined(Session)
        case left(RouterURL, SessionEnd)
    }

    /// The change of the session since another situation; nil if there was none.
    func sessionChange(since former: Situation) -> SessionChange? {
        switch self.router {
        case .joined(let session): former.session === session ? nil : .joined(session)
        case .left(let url, let end): former.session == nil ? nil : .left(url, end)
        case .notYetJoined: nil
        }
    }

    /// Whether nothing new is begun any more.
    var isStopping: Bool { self.ending != nil }

    /// Whether that became so since another situation.
    func hasBegunToStop(since former: Situation) -> Bool { self.isStopping && !former.isStopping }

    /// Whether the SQL interface was looked at since another situation.
    func hasLooked(since former: Situation) -> Bool { self.interface?.look != former.interface?.look }
}
