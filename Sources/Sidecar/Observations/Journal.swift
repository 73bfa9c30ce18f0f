import Logging
import NIOCore
import Postgres
import WAMP
import WAMPClient

/// Turns observations into lines of the log: one for each change of state, none for each call. On the event loop.
///
/// What can happen a thousand times a second is counted, and told with its count at most every ten seconds.
final class Journal {
    private static let interval = TimeAmount.seconds(10)

    let logger: Logger
    private let eventLoop: any EventLoop
    var failures: [ConnectionSettings.Part: String] = [:]
    private var counts: [String: Count] = [:]

    private struct Count {
        let level: Logger.Level
        var total = 0
        var untold = 0
        var last: (message: Logger.Message, metadata: Logger.Metadata)
    }

    init(logger: Logger, eventLoop: any EventLoop) {
        self.logger = logger
        self.eventLoop = eventLoop
    }

    func record(_ observation: Observation) {
        switch observation {
        case .starting(let version, let configuration):
            self.logger.info("starting", metadata: [Key.version: "\(version)", Key.configuration: "\(configuration)"])
        case .router(let event): self.record(event)
        case .routerNotVerified(let place):
            self.logger.warning(
                "the router's certificate is not verified: whoever is on the way can read and change everything",
                metadata: [Key.place: "\(place)"])
        case .database(let event): self.record(event)
        case .caller(let event): self.record(event)

        case .testamentLeft(let topic):
            self.logger.debug("the router keeps the testament", metadata: [Key.topic: "\(topic)"])
        case .testamentNotLeft(let topic, let place, let reason):
            self.logger.warning(
                "the router keeps no testament",
                metadata: [Key.topic: "\(topic)", Key.place: "\(place)", Key.reason: "\(reason)"])

        case .registered(let uri):
            self.logger.debug("procedure registered", metadata: [Key.procedure: "\(uri)"])
        case .registrationRefused(let uri, let place, let reason):
            self.logger.error(
                "procedure not registered",
                metadata: [Key.procedure: "\(uri)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .registrationRevoked(let uri, let reason):
            self.logger.warning(
                "registration revoked by the router", metadata: [Key.procedure: "\(uri)", Key.reason: "\(reason)"])
        case .functionUsable(.procedure(let uri)):
            self.logger.notice("procedure can be called now", metadata: [Key.procedure: "\(uri)"])
        case .functionUsable(.subscription(let topic, let function)):
            self.logger.notice(
                "function for events can be called now", metadata: [Key.topic: "\(topic)", Key.function: "\(function)"])
        case .functionUnusable(.procedure(let uri), let place, let reason):
            self.logger.error(
                "procedure can't be called",
                metadata: [Key.procedure: "\(uri)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .functionUnusable(.subscription(let topic, let function), let place, let reason):
            self.logger.error(
                "function for events can't be called",
                metadata: [
                    Key.topic: "\(topic)", Key.function: "\(function)", Key.place: "\(place)",
                    Key.reason: "\(reason)",
                ])
        case .callFailed(let uri, let error):
            self.logger.debug("call failed", metadata: [Key.procedure: "\(uri)", Key.error: "\(error)"])

        case .registrationAdded(let uri, let place):
            self.logger.info("registered from SQL", metadata: [Key.uri: "\(uri)", Key.place: "\(place)"])
        case .registrationRemoved(let uri, let place):
            self.logger.info("no longer registered from SQL", metadata: [Key.uri: "\(uri)", Key.place: "\(place)"])
        case .registrationFaulty(let reason):
            self.logger.error("registration from SQL can't be used", metadata: [Key.reason: "\(reason)"])
        case .registrationsUnreadable(let reason):
            self.count("registrations", "registrations from SQL can't be read", [Key.reason: "\(reason)"])

        case .subscribed(let topic):
            self.logger.debug("subscribed", metadata: [Key.topic: "\(topic)"])
        case .subscriptionRefused(let topic, let place, let reason):
            self.logger.error(
                "not subscribed",
                metadata: [Key.topic: "\(topic)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .subscriptionRevoked(let topic, let reason):
            self.logger.warning(
                "subscription revoked by the router", metadata: [Key.topic: "\(topic)", Key.reason: "\(reason)"])
        case .eventRetried(let topic, let function, let reason):
            self.count(
                "retry \(topic)", "event is run again",
                [Key.topic: "\(topic)", Key.function: "\(function)", Key.reason: "\(reason)"])
        case .eventFailed(let topic, let function, let error, let reason):
            self.count(
                "event \(topic)", "event failed",
                [
                    Key.topic: "\(topic)", Key.function: "\(function)", Key.error: "\(error)",
                    Key.reason: "\(reason)",
                ], level: .error)
        case .eventLost(let topic, let function, let error, let reason):
            self.count(
                "lost \(topic)", "event lost",
                [
                    Key.topic: "\(topic)", Key.function: "\(function)", Key.error: "\(error)",
                    Key.reason: "\(reason)",
                ], level: .error)
        case .eventDropped(let topic, let place):
            self.count(
                "overflow \(topic)", "event dropped: too many wait for the database",
                [Key.topic: "\(topic)", Key.place: "\(place)"], level: .error)
        case .eventsNotRun(let count):
            self.logger.error("events not run before the end", metadata: [Key.count: "\(count)"])

        case .notificationDropped(let channel, let place, let reason):
            self.count(
                "drop \(channel)", "notification dropped",
                [Key.channel: "\(channel)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .notificationCallFailed(let channel, let procedure, let reason):
            self.count(
                "call \(channel)", "call for a notification failed",
                [Key.channel: "\(channel)", Key.procedure: "\(procedure)", Key.reason: "\(reason)"])
        case .notificationResultFailed(let channel, let function, let reason):
            self.count(
                "result \(channel)", "result of a call for a notification not taken",
                [Key.channel: "\(channel)", Key.function: "\(function)", Key.reason: "\(reason)"])

        case .eventHeld(let topic, let event, let reason, let wait):
            self.count(
                "hold \(topic)", "event refused for the moment; its topic waits",
                [
                    Key.topic: "\(topic)", Key.event: "\(event)", Key.reason: "\(reason)",
                    Key.retryIn: "\(Self.text(wait))",
                ])
        case .eventBuried(let topic, let event, let reason):
            self.count(
                "bury \(topic)", "event moved to the dead letters",
                [Key.topic: "\(topic)", Key.event: "\(event)", Key.reason: "\(reason)"])
        case .eventsPublishedTwice(let least):
            self.count("twice", "events may have been published twice", [Key.count: "\(least)"])
        case .eventsFoundAsleep(let count):
            self.logger.debug("events found without a notification", metadata: [Key.count: "\(count)"])
        case .deadLettersExpired(let count):
            self.logger.notice("old dead letters deleted", metadata: [Key.count: "\(count)"])
        case .relayFailed(let statement, let reason):
            self.count(
                "relay \(statement)", "the outbox can't be emptied",
                [Key.statement: "\(statement)", Key.reason: "\(reason)"])

        case .portAnnounced:
            self.logger.info("the database knows the way to the caller's port")
        case .portTakenBack:
            self.logger.notice("the way to the caller's port was taken back: nothing listens there")
        case .portNotAnnounced(let reason):
            self.count(
                "announce", "the database could not be told the way to the caller's port", [Key.reason: "\(reason)"])

        case .interface(let outcome): self.record(outcome)
        case .leading:
            self.logger.info("leading: what must happen once happens here")
        case .leadershipLeft(let reason):
            self.logger.warning("leadership left to another sidecar", metadata: [Key.reason: "\(reason)"])
        case .standby(let holder):
            self.logger.info("standby: another sidecar leads", metadata: [Key.holder: "\(holder)"])
        case .leaderTerminated(let backend):
            self.logger.warning(
                "the leader gave no sign of life; its session was ended", metadata: [Key.backend: "\(backend)"])

        case .ready(let procedures, let subscriptions, let channels):
            self.logger.info(
                "ready",
                metadata: [
                    Key.procedures: "\(procedures)", Key.subscriptions: "\(subscriptions)", Key.channels: "\(channels)",
                ])
        case .readyWithFaults(let faults):
            self.logger.warning("running with faults", metadata: [Key.faults: "\(faults.joined(separator: "; "))"])
        case .notReady(let needs):
            self.logger.warning("not ready", metadata: [Key.reason: "\(needs.joined(separator: "; "))"])

        case .reloadUnsupported:
            self.logger.warning("SIGHUP ignored: this version does not reload its configuration; restart it instead")
        case .stopping(let signal):
            self.logger.info("stopping", metadata: [Key.signal: "\(signal)"])
        case .stoppedInTime:
            self.logger.info("stopped")
        case .stoppedTooLate(let unanswered):
            self.logger.warning(
                unanswered ? "stopped with calls unfinished" : "stopped without the router's goodbye")
        }
    }

    /// Tells the first of its kind at once, and how many others there were every ten seconds.
    func count(
        _ key: String, _ message: Logger.Message, _ metadata: Logger.Metadata, level: Logger.Level = .warning
    ) {
        if self.counts[key]?.untold != nil {
            self.counts[key]?.total += 1
            self.counts[key]?.untold += 1
            self.counts[key]?.last = (message, metadata)
            return
        }
        self.counts[key] = Count(level: level, total: 1, last: (message, metadata))
        self.logger.log(level: level, message, metadata: metadata)
        self.tellLater(key)
    }

    private func tellLater(_ key: String) {
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) {
            guard let count = self.counts[key] else { return }
            guard count.untold > 0 else {
                self.counts[key] = nil
                return
            }
            var metadata = count.last.metadata
            metadata[Key.count] = "\(count.untold)"
            metadata[Key.total] = "\(count.total)"
            self.counts[key]?.untold = 0
            self.logger.log(level: count.level, count.last.message, metadata: metadata)
            self.tellLater(key)
        }
    }

    /// A time as the log shows it.
    static func text(_ wait: TimeAmount) -> String {
        "\(wait.nanoseconds / 1_000_000) ms"
    }
}
