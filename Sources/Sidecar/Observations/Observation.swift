import CallPort
import Functions
import Names
import Outbox
import Postgres
import SQLInterface
import SidecarConfiguration
import WAMP
import WAMPClient

/// Every event that is worth a line in the log, or a number.
enum Observation {
    case starting(version: String, configuration: String)
    case router(RouterEvent)
    /// The router's certificate is not verified: anybody on the way can pose as the router.
    case routerNotVerified(place: String)
    case database(DatabaseEvent)
    case callPort(CallPortEvent)
    /// Of the admin port.
    case adminPort(PortEvent)
    case outbox(OutboxEvent)
    case function(FunctionEvent)

    /// The router keeps the event until the session is gone.
    case testamentLeft(topic: String)
    /// It does not.
    case testamentNotLeft(topic: String, place: String, reason: String)

    case registered(uri: String)
    case registrationRefused(uri: String, place: String, reason: String)
    case registrationRevoked(uri: String, reason: String)
    /// A call has ended: any, or a slow one.
    case callEnded(CallTrace)
    /// A call failed for a reason that its caller learns little about: it is for the database's administrator.
    case callFaulty(uri: String, function: String, error: String, reason: String, role: String)
    /// Sessions end while a message of it is under way.
    case originRefused(SuspectOrigins.Refused)

    /// A registration from SQL is mapped now.
    case registrationAdded(uri: String, place: String)
    case registrationRemoved(uri: String, place: String)
    case registrationFaulty(reason: String)
    case registrationsUnreadable(reason: String)
    /// They can be read.
    case registrationsReadable

    case subscribed(topic: String)
    case subscriptionRefused(topic: String, place: String, reason: String)
    case subscriptionRevoked(topic: String, reason: String)
    /// An event runs again.
    case eventRetried(topic: String, function: String, reason: String)
    /// An event becomes a dead letter.
    case eventFailed(topic: String, function: String, error: String, reason: String)
    /// A failed event is kept nowhere.
    case eventLost(topic: String, function: String, error: String, reason: String)
    /// An event was dropped: too many wait.
    case eventDropped(topic: String, place: String)
    case eventsNotRun(count: Int)
    /// The events of a subscription can't run now, and wait.
    case eventsWait(topic: String, function: String, error: String, reason: String)
    /// The connection was lost while an event ran, and it runs again.
    case eventMayRunTwice(topic: String, function: String)

    case notificationDropped(channel: String, place: String, reason: NotificationFault)
    case notificationCallFailed(channel: String, procedure: String, reason: String)
    case notificationResultFailed(channel: String, function: String, reason: String)

    case portAnnounced
    case portTakenBack
    case portNotAnnounced(reason: String)

    case interface(SelfInstallation.Outcome)
    case leftToLeader(events: Int, notifications: Int)
    case leadershipLeft(reason: String)

    case ready(procedures: Int, subscriptions: Int, channels: Int)
    case readyWithFaults(ComplaintSummary, news: [Complaint])
    case notReady([String])

    /// systemd, or what started the process in its place, does not get our reports.
    case serviceManagerUnavailable(reason: String)
    /// The configuration was read again, and is in force.
    case reloaded(ConfigurationChange)
    /// It was read again and has faults, at least one: the one before stays in force.
    case reloadRefused([Fault])
    case stopping(signal: String)
    case stopped(ShutdownStateMachine.Outcome)
}

/// Why a notification was not relayed.
enum NotificationFault: Error, Equatable, CustomStringConvertible {
    case noSession
    case notLeading
    case routerIsSlow
    case payload(PayloadTextError)
    case tooLarge
    case notText
    case unreadable(String)
    case refused(String)
    case held(Passage.Refusal)

    var description: String {
        switch self {
        case .noSession: "there is no session with the router"
        case .notLeading: "the leading sidecar is not known, and too many wait for that"
        case .routerIsSlow: "the router reads slowly, and too many wait for it"
        case .payload(let error): error.description
        case .tooLarge: "it is larger than the router accepts"
        case .notText: "it can't be read as text"
        case .unreadable(let fault): "routers can't read it: \(fault)"
        case .refused(let reason): reason
        case .held(let refusal): refusal.description
        }
    }
}
