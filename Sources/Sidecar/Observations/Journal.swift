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

    private let logger: Logger
    private let eventLoop: any EventLoop
    private var failures: [ConnectionSettings.Part: String] = [:]
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
        case .database(let event): self.record(event)

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

        case .caller(let event): self.record(event)
        case .portAnnounced:
            self.logger.info("the database knows the way to the caller's port")
        case .portNotAnnounced(let reason):
            self.count(
                "announce", "the database could not be told the way to the caller's port", [Key.reason: "\(reason)"])

        case .interface(let outcome): self.record(outcome)
        case .leading:
            self.logger.info("leading: what must happen once happens here")
        case .standby(let holder):
            self.logger.info("standby: another sidecar leads", metadata: [Key.holder: "\(holder)"])
        case .leaderTerminated(let backend):
            self.logger.warning(
                "the leader gave no sign of life; its session was ended", metadata: [Key.backend: "\(backend)"])

        case .ready(let procedures, let channels):
            self.logger.info("ready", metadata: [Key.procedures: "\(procedures)", Key.channels: "\(channels)"])
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

    private func record(_ event: RouterEvent) {
        switch event {
        case .connecting(let url):
            self.logger.debug("connecting to the router", metadata: [Key.router: "\(url)"])
        case .connectFailed(let url, let fault, let wait):
            self.logger.warning(
                "router not available",
                metadata: [Key.router: "\(url)", Key.reason: "\(fault.message)", Key.retryIn: "\(Self.text(wait))"])
        case .credentialsRefused(let url, let fault, let wait):
            self.logger.error(
                "router refuses the credentials",
                metadata: [Key.router: "\(url)", Key.reason: "\(fault.message)", Key.retryIn: "\(Self.text(wait))"])
        case .joined(let url, let session, let realm, let agent, let authid, let authrole):
            self.logger.info(
                "router joined",
                metadata: [
                    Key.router: "\(url)", Key.realm: "\(realm)", Key.session: "\(session)",
                    Key.agent: "\(agent ?? "unknown")",
                    Key.authid: "\(authid ?? "none")", Key.authrole: "\(authrole ?? "none")",
                ])
        case .left(let url, let session, let fault, let wait):
            guard let wait else {
                self.logger.info("router left", metadata: [Key.router: "\(url)", Key.session: "\(session)"])
                return
            }
            self.logger.warning(
                "router lost",
                metadata: [
                    Key.router: "\(url)", Key.session: "\(session)", Key.reason: "\(fault.message)",
                    Key.retryIn: "\(Self.text(wait))",
                ])
        case .dropped(let kind):
            self.logger.debug("message of the router ignored", metadata: [Key.reason: "\(kind.rawValue)"])
        case .writabilityChanged(let isWritable):
            self.logger.debug(isWritable ? "the router reads again" : "the router reads slowly")
        case .stopped:
            self.logger.debug("router side stopped")
        }
    }

    private func record(_ event: DatabaseEvent) {
        switch event {
        case .connected(let part, let backend, let version):
            self.failures[part] = nil
            self.logger.debug(
                "database connected",
                metadata: [Key.part: "\(part.rawValue)", Key.backend: "\(backend)", Key.serverVersion: "\(version)"])
        case .connectFailed(let part, let failure):
            let isNews = self.failures.updateValue(failure.description, forKey: part) != failure.description
            self.logger.log(
                level: isNews ? .warning : .debug, "database not available",
                metadata: [Key.part: "\(part.rawValue)", Key.reason: "\(failure)"])
        case .lost(let part, let reason):
            self.logger.warning(
                "database connection lost", metadata: [Key.part: "\(part.rawValue)", Key.reason: "\(reason)"])
        case .callsAvailable:
            self.logger.info("database available")
        case .callsUnavailable(let reason):
            self.logger.warning("database lost", metadata: [Key.reason: "\(reason)"])
        case .listening(let channels):
            self.logger.info("listening for notifications", metadata: [Key.channels: "\(channels)"])
        }
    }

    private func record(_ event: CallerEvent) {
        switch event {
        case .listening(let address):
            self.logger.info("the caller's port listens", metadata: [Key.address: "\(address)"])
        case .notListening(let address, let reason, let wait):
            self.logger.error(
                "the caller's port can't listen",
                metadata: [Key.address: "\(address)", Key.reason: "\(reason)", Key.retryIn: "\(wait * 1000) ms"])
        case .authenticationFailed(let user, let address, let total):
            self.count(
                "login", "wrong password at the caller's port",
                [Key.user: "\(user)", Key.address: "\(address)", Key.total: "\(total)"])
        case .tooManySessions(let limit):
            self.count("sessions", "too many connections at the caller's port", [Key.limit: "\(limit)"])
        case .refused(let address, let reason):
            self.count(
                "refused \(reason)", "connection to the caller's port refused",
                [Key.address: "\(address)", Key.reason: "\(reason)"])
        }
    }

    private func record(_ outcome: SelfInstallation.Outcome) {
        for line in outcome.done { self.logger.notice("SQL interface", metadata: [Key.done: "\(line)"]) }
        for line in outcome.warnings { self.logger.warning("SQL interface", metadata: [Key.reason: "\(line)"]) }
        switch outcome.state {
        case .notInstalled(let reason):
            self.logger.info("no SQL interface", metadata: [Key.reason: "\(reason)"])
        case .installed(let schema):
            self.logger.info("SQL interface found", metadata: [Key.version: "\(schema.version)"])
        case .refused(let reason):
            self.logger.error("SQL interface not used", metadata: [Key.reason: "\(reason)"])
        }
    }

    private func count(
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

    private static func text(_ wait: TimeAmount) -> String {
        "\(wait.nanoseconds / 1_000_000) ms"
    }

    /// The keys of the log's metadata.
    private enum Key {
        static let address = "address"
        static let agent = "agent"
        static let authid = "authid"
        static let authrole = "authrole"
        static let backend = "backend"
        static let channel = "channel"
        static let channels = "channels"
        static let configuration = "configuration"
        static let count = "count"
        static let done = "done"
        static let error = "error"
        static let event = "event"
        static let faults = "faults"
        static let function = "function"
        static let holder = "holder"
        static let limit = "limit"
        static let part = "part"
        static let place = "place"
        static let procedure = "procedure"
        static let procedures = "procedures"
        static let realm = "realm"
        static let reason = "reason"
        static let retryIn = "retry_in"
        static let router = "router"
        static let serverVersion = "server_version"
        static let session = "session"
        static let signal = "signal"
        static let statement = "statement"
        static let topic = "topic"
        static let total = "total"
        static let user = "user"
        static let version = "version"
    }
}
