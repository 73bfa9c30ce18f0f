import NIOCore
import Names
import SidecarConfiguration
import WAMP

/// A command for a session, already checked: routers drop the connection on a wrong URI or option.
package struct ClientCommand: Sendable {
    /// The three commands.
    enum Action: Sendable {
        case call(URI, CallOptions, Payload, timeout: TimeAmount, errorsAreLines: Bool)
        case publish(URI, PublishOptions, Publications)
        case subscribe(URI, SubscribeOptions, count: Int?)
    }

    /// The source of the events.
    enum Publications: Sendable {
        case one(Payload)
        /// One for each line of standard input.
        case lines
    }

    /// The word for standard input.
    private static let standardInput = "-"
    /// The longest timeout of a call.
    private static let longestTimeout = Duration.seconds(24 * 86_400)

    let action: Action

    private init(_ action: Action) {
        self.action = action
    }

    /// `wamp-sidecar call`.
    ///
    /// - Parameters:
    ///   - arguments, kwargs: see ``ClientPayload``.
    ///   - timeout: as in the configuration file: `5s`.
    ///   - progress: whether results are printed as they come.
    ///   - json: whether an error is printed as a line as well.
    package static func call(
        _ procedure: String, arguments: [String], kwargs: String?, timeout: String, progress: Bool, discloseMe: Bool,
        json: Bool
    ) throws(ClientUsageError) -> ClientCommand {
        guard let duration = Quantities.duration(timeout), duration > .zero, duration <= self.longestTimeout else {
            throw ClientUsageError(
                "--timeout '\(timeout)' is not a duration up to 24d; write a whole number and a unit (ms, s, m, h or d)"
            )
        }
        return ClientCommand(
            .call(
                try self.uri(procedure, "procedure"),
                CallOptions(receiveProgress: progress, discloseMe: discloseMe),
                try ClientPayload(arguments, keywords: kwargs).payload, timeout: TimeAmount(duration),
                errorsAreLines: json))
    }

    /// `wamp-sidecar publish`.
    ///
    /// - Parameters:
    ///   - arguments: see ``ClientPayload``; just `-` stands for the lines of standard input.
    ///   - lists: the lists of receivers and non-receivers, by the names of WAMP's options.
    package static func publish(
        _ topic: String, arguments: [String], kwargs: String?, acknowledge: Bool, retain: Bool, discloseMe: Bool,
        lists: ClientLists
    ) throws(ClientUsageError) -> ClientCommand {
        var values = lists.values
        if acknowledge { values["acknowledge"] = .bool(true) }
        if retain { values["retain"] = .bool(true) }
        if discloseMe { values["disclose_me"] = .bool(true) }
        let options: PublishOptions
        do {
            options = try PublishOptions(values)
        } catch {
            throw ClientUsageError(error.description)
        }
        let isFromInput = arguments == [self.standardInput]
        if isFromInput, kwargs != nil {
            throw ClientUsageError("--kwargs can't be combined with '-': each line of standard input has its own")
        }
        let publications: Publications =
            isFromInput ? .lines : .one(try ClientPayload(arguments, keywords: kwargs).payload)
        return ClientCommand(.publish(try self.uri(topic, "topic"), options, publications))
    }

    /// `wamp-sidecar subscribe`.
    ///
    /// - Parameter count: the number of events; nil for no limit.
    package static func subscribe(
        _ topic: String, match: String, retained: Bool, count: Int?
    ) throws(ClientUsageError) -> ClientCommand {
        guard let policy = MatchPolicy(rawValue: match) else {
            let words = MatchPolicy.allCases.map(\.rawValue).joined(separator: ", ")
            throw ClientUsageError("--match must be one of \(words), not '\(match)'")
        }
        if let count, count < 1 { throw ClientUsageError("--count must be a number from 1") }
        // A text that would be valid as a pattern may be meant as one.
        let isPattern = policy == .exact && (try? URI(pattern: topic, match: .wildcard)) != nil
        return ClientCommand(
            .subscribe(
                try self.uri(
                    topic, "topic", match: policy,
                    advice: isPattern ? "; for a pattern add --match wildcard or prefix" : ""),
                SubscribeOptions(match: policy, getRetained: retained), count: count))
    }

    private static func uri(
        _ text: String, _ kind: String, match: MatchPolicy = .exact, advice: String = ""
    ) throws(ClientUsageError) -> URI {
        do {
            return try URI(pattern: text, match: match)
        } catch {
            throw ClientUsageError("the \(kind) '\(text.prefix(200))' is not a URI: it \(error)\(advice)")
        }
    }
}

/// The lists of PUBLISH, which limit the receivers of an event.
package struct ClientLists: Sendable {
    /// The only receiving sessions; empty for no such list.
    package var eligible: [Int64] = []
    /// The only receiving names.
    package var eligibleAuthid: [String] = []
    /// The only receiving roles.
    package var eligibleAuthrole: [String] = []
    /// Excluded sessions.
    package var exclude: [Int64] = []
    /// Excluded names.
    package var excludeAuthid: [String] = []
    /// Excluded roles.
    package var excludeAuthrole: [String] = []

    /// No lists.
    package init() {}

    fileprivate var values: [String: Value] {
        let sessions = ["eligible": self.eligible, "exclude": self.exclude].mapValues { $0.map { Value.integer($0) } }
        let names = [
            "eligible_authid": self.eligibleAuthid, "eligible_authrole": self.eligibleAuthrole,
            "exclude_authid": self.excludeAuthid, "exclude_authrole": self.excludeAuthrole,
        ].mapValues { $0.map { Value.string($0) } }
        return sessions.merging(names) { $1 }.filter { !$0.value.isEmpty }.mapValues { .list($0) }
    }
}
