import Logging
import NIOCore
import Names
import SidecarConfiguration
import WAMP
import WAMPClient

/// Turns observations into lines of the log: one for each change of state, none for each call. On the event loop.
///
/// Observations that can come a thousand times a second are counted, and reported with their count at most every ten
/// seconds.
final class Journal {
    private static let interval = TimeAmount.seconds(10)
    /// How many changes of state of one kind are written in an interval before they are counted.
    private static let burst = 50

    private var logger: Logger
    private let makeLogger: (LogSettings) -> Logger
    private let eventLoop: any EventLoop
    var outages = Outages()
    private var repetitions = LogRepetitions()

    /// - Parameter makeLogger: makes what writes the lines.
    init(
        _ settings: LogSettings, eventLoop: any EventLoop, makeLogger: @escaping (LogSettings) -> Logger
    ) {
        self.makeLogger = makeLogger
        self.logger = makeLogger(settings)
        self.eventLoop = eventLoop
    }

    /// From now on lines are written like this.
    func use(_ settings: LogSettings) {
        self.logger = self.makeLogger(settings)
    }

    func record(_ observation: Observation) {
        switch observation {
        case .starting(let version, let configuration):
            self.log(.info, "starting", metadata: [Key.version: "\(version)", Key.configuration: "\(configuration)"])
        case .router(let event): self.record(event)
        case .routerNotVerified(let place):
            self.log(
                .warning,
                "the router's certificate is not verified: whoever is on the way can read and change everything",
                metadata: [Key.place: "\(place)"])
        case .database(let event): self.record(event)
        case .callPort(let event): self.record(event)
        case .adminPort(let event): self.record(event)
        case .outbox(let event): self.record(event)

        case .testamentLeft(let topic):
            self.log(.debug, "the router keeps the testament", metadata: [Key.topic: "\(topic)"])
        case .testamentNotLeft(let topic, let place, let reason):
            self.log(
                .warning,
                "the router keeps no testament",
                metadata: [Key.topic: "\(topic)", Key.place: "\(place)", Key.reason: "\(reason)"])

        case .registered(let uri):
            self.log(.debug, "procedure registered", metadata: [Key.procedure: "\(uri)"])
        case .registrationRefused(let uri, let place, let reason):
            self.log(
                .error,
                "procedure not registered",
                metadata: [Key.procedure: "\(uri)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .registrationRevoked(let uri, let reason):
            self.log(
                .warning,
                "registration revoked by the router", metadata: [Key.procedure: "\(uri)", Key.reason: "\(reason)"])
        case .function(let event): self.record(event)
        case .callEnded(let trace): self.record(trace)
        case .callFaulty(let uri, let function, let error, let reason, let role):
            self.count(
                "faulty \(uri) \(error)", "call failed for a reason that its caller can't fix",
                [
                    Key.procedure: "\(uri)", Key.function: "\(function)", Key.error: "\(error)",
                    Key.reason: "\(reason)", Key.role: "\(role)",
                ])
        case .originRefused(let refused):
            self.record(refused)

        case .registrationAdded(let uri, let place):
            self.log(.info, "registered from SQL", metadata: [Key.uri: "\(uri)", Key.place: "\(place)"])
        case .registrationRemoved(let uri, let place):
            self.log(.info, "no longer registered from SQL", metadata: [Key.uri: "\(uri)", Key.place: "\(place)"])
        case .registrationFaulty(let reason):
            self.log(.error, "registration from SQL can't be used", metadata: [Key.reason: "\(reason)"])
        case .registrationsUnreadable(let reason):
            self.log(
                self.level(.warning, of: .registrations, reason), "registrations from SQL can't be read",
                metadata: [Key.reason: "\(reason)"])
        case .registrationsReadable:
            guard self.outages.ended(.registrations) else { break }
            self.log(.notice, "registrations from SQL are read again")

        case .subscribed(let topic):
            self.log(.debug, "subscribed", metadata: [Key.topic: "\(topic)"])
        case .subscriptionRefused(let topic, let place, let reason):
            self.log(
                .error,
                "not subscribed",
                metadata: [Key.topic: "\(topic)", Key.place: "\(place)", Key.reason: "\(reason)"])
        case .subscriptionRevoked(let topic, let reason):
            self.log(
                .warning,
                "subscription revoked by the router", metadata: [Key.topic: "\(topic)", Key.reason: "\(reason)"])
        case .eventRetried(let topic, let function, let reason):
            self.count(
                "retry \(topic)", "event is run again",
                [Key.topic: "\(topic)", Key.function: "\(function)", Key.reason: "\(reason)"])
        case .eventFailed(let topic, let function, let error, let reason):
            self.count(
                "event \(topic)", "event failed",
                Self.failure(of: topic, function, error, reason), level: .error)
        case .eventLost(let topic, let function, let error, let reason):
            self.count(
                "lost \(topic)", "event lost",
                Self.failure(of: topic, function, error, reason), level: .error)
        case .eventDropped(let topic, let place):
            self.count(
                "overflow \(topic)", "event dropped: too many wait for the database",
                [Key.topic: "\(topic)", Key.place: "\(place)"], level: .error)
        case .eventsWait(let topic, let function, let error, let reason):
            self.count(
                "wait \(topic)", "events wait: they can't be run now",
                Self.failure(of: topic, function, error, reason))
        case .eventMayRunTwice(let topic, let function):
            self.count(
                "rerun \(topic)", "event may have run twice",
                [Key.topic: "\(topic)", Key.function: "\(function)"])
        case .eventsNotRun(let count):
            self.log(.error, "events not run before the end", metadata: [Key.count: .number(count)])

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
                "result \(channel)", "result of a call for a notification not processed",
                [Key.channel: "\(channel)", Key.function: "\(function)", Key.reason: "\(reason)"])

        case .portAnnounced:
            self.log(.info, "call port announced to the database")
        case .portTakenBack:
            self.log(.notice, "call port withdrawn from the database: nothing listens there")
        case .portNotAnnounced(let reason):
            self.count(
                "announce", "call port can't be announced to the database", [Key.reason: "\(reason)"])

        case .interface(let outcome): self.record(outcome)
        case .leadershipLeft(let reason):
            self.log(.warning, "leadership left to another sidecar", metadata: [Key.reason: "\(reason)"])
        case .leftToLeader(let events, let notifications):
            self.log(
                .warning,
                "another sidecar has led since this one lost the lead: later events and notifications were left to it",
                metadata: [Key.events: .number(events), Key.notifications: .number(notifications)])

        case .ready(let procedures, let subscriptions, let channels):
            self.recordReady(procedures: procedures, subscriptions: subscriptions, channels: channels)
        case .readyWithFaults(let faults, let news): self.recordFaults(faults, news: news)
        case .notReady(let needs):
            self.log(.warning, "not ready", metadata: [Key.reason: "\(needs.joined(separator: "; "))"])

        case .serviceManagerUnavailable(let reason):
            self.log(.warning, "service manager not available", metadata: [Key.reason: "\(reason)"])
        case .reloaded(let change): self.record(change)
        case .reloadRefused(let faults): self.record(faults)
        case .stopping(let signal):
            self.log(.info, "stopping", metadata: [Key.signal: "\(signal)"])
        case .stopped(.inTime): self.log(.info, "stopped")
        case .stopped(.unfinished): self.log(.warning, "stopped with calls unfinished")
        case .stopped(.withoutGoodbye): self.log(.warning, "stopped without the router's goodbye")
        }
    }

    private func record(_ refused: SuspectOrigins.Refused) {
        let (origin, count, time) = (refused.origin, refused.sessions, Self.text(refused.time))
        switch origin.kind {
        case .procedure:
            self.log(
                .error, "procedure not called for a while: its answers end the session with the router",
                metadata: [Key.procedure: "\(origin.text)", Key.count: .number(count), Key.retryIn: "\(time)"])
        case .channel:
            self.log(
                .error, "notifications not relayed for a while: they end the session with the router",
                metadata: [Key.channel: "\(origin.text)", Key.count: .number(count), Key.retryIn: "\(time)"])
        }
    }

    /// A change of state. Of many at once the first ones are written, and the others counted.
    func log(_ level: Logger.Level, _ message: Logger.Message, metadata: Logger.Metadata = [:]) {
        self.log(LogRepetitions.Entry(level: level, message: message, metadata: metadata), key: nil, burst: Self.burst)
    }

    /// An observation that can come a thousand times a second: the first ones of its key are written at once, the
    /// others are counted.
    func count(
        _ key: String, _ message: Logger.Message, _ metadata: Logger.Metadata, level: Logger.Level = .warning,
        burst: Int = 1
    ) {
        self.log(LogRepetitions.Entry(level: level, message: message, metadata: metadata), key: key, burst: burst)
    }

    private func log(_ entry: LogRepetitions.Entry, key: String?, burst: Int) {
        // Lines at level debug are for people who look for a fault, and are all written.
        guard entry.level > .debug else {
            self.logger.log(level: entry.level, entry.message, metadata: entry.metadata)
            return
        }
        guard case .write(let opened) = self.repetitions.happened(entry, key: key, burst: burst) else { return }
        self.logger.log(level: entry.level, entry.message, metadata: entry.metadata)
        if let opened { self.tellLater(opened) }
    }

    private func tellLater(_ key: String) {
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.interval) {
            guard let summary = self.repetitions.intervalEnded(key) else { return }
            var metadata = summary.entry.metadata
            metadata[Key.count] = .number(summary.count)
            metadata[Key.total] = .number(summary.total)
            self.logger.log(level: summary.entry.level, summary.entry.message, metadata: metadata)
            self.tellLater(key)
        }
    }

    /// The level of a failed attempt's line: the others of the same outage are for people who look for a fault.
    func level(_ level: Logger.Level, of subject: Outages.Subject, _ reason: String) -> Logger.Level {
        self.outages.happened(subject, reason) ? level : .debug
    }

    /// The report of a failed event.
    private static func failure(
        of topic: String, _ function: String, _ error: String, _ reason: String
    ) -> Logger.Metadata {
        [
            Key.topic: "\(topic)", Key.function: "\(function)", Key.error: "\(error)", Key.reason: "\(reason)",
        ]
    }

    /// The line with the number of lines that nobody read.
    static func dropped(_ count: Int, _ style: LogStyle) -> String {
        LineLogHandler.line(
            .error, "log lines dropped: nobody read them", metadata: [Key.count: .number(count)], style)
    }

    /// A time in the log's format.
    static func text(_ wait: TimeAmount) -> String {
        "\(DurationText(nanoseconds: wait.nanoseconds))"
    }
}
