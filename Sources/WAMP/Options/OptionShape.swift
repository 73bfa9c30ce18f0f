import Names

/// The shape of an option or detail of a message: one row of the table of all options (``MessageKind/options``).
///
/// Some routers drop the connection, without a message, on an option of the wrong type. So every option is checked
/// before it is sent.
struct OptionShape: Sendable {
    /// The kinds of values.
    enum Kind: Sendable {
        /// True or false; never 0 or 1.
        case bool
        /// An integer that is not negative.
        case natural
        /// An integer from 1 on.
        case positive
        /// An id from 1 to 2^53.
        case id
        /// A list of ids.
        case ids
        /// Text.
        case string
        /// A list of texts.
        case strings
        /// A URI.
        case uri
        /// One of these texts.
        case oneOf([String])
        /// A dictionary.
        case dictionary
        /// A list of dictionaries.
        case dictionaries
    }

    /// The key.
    let name: String
    /// What its value must be.
    let kind: Kind

    init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// True if the option can have this value.
    func accepts(_ value: Value) -> Bool {
        switch (self.kind, value) {
        case (.bool, .bool), (.string, .string), (.dictionary, .dictionary): true
        case (.natural, .integer(let integer)): integer >= 0
        case (.positive, .integer(let integer)): integer >= 1
        case (.id, .integer(let integer)): SessionID(integer) != nil
        case (.ids, .list(let list)): list.allSatisfy { OptionShape("", .id).accepts($0) }
        case (.strings, .list(let list)): list.allSatisfy { OptionShape("", .string).accepts($0) }
        case (.dictionaries, .list(let list)): list.allSatisfy { OptionShape("", .dictionary).accepts($0) }
        case (.uri, .string(let text)): (try? URI(text)) != nil
        case (.oneOf(let texts), .string(let text)): texts.contains(text)
        case (.bool, _), (.natural, _), (.positive, _), (.id, _), (.ids, _), (.string, _), (.strings, _), (.uri, _),
            (.oneOf, _), (.dictionary, _), (.dictionaries, _):
            false
        }
    }

    /// What the value must be, for users.
    var expectation: String {
        switch self.kind {
        case .bool: "true or false"
        case .natural: "an integer that is not negative"
        case .positive: "a positive integer"
        case .id: "an id from 1 to 2^53"
        case .ids: "a list of ids"
        case .string: "a string"
        case .strings: "a list of strings"
        case .uri: "a URI"
        case .oneOf(let texts): "one of " + texts.joined(separator: ", ")
        case .dictionary: "a dictionary"
        case .dictionaries: "a list of dictionaries"
        }
    }
}

extension MessageKind {
    /// The table of all options of the messages that we send, and of the details of events.
    var options: [OptionShape] {
        switch self {
        case .publish: Self.publishOptions
        case .subscribe: Self.subscribeOptions
        case .event: Self.eventDetails
        case .register: Self.registerOptions
        case .call: Self.callOptions
        case .cancel: [OptionShape("mode", .oneOf(CancelMode.allCases.map(\.rawValue)))]
        case .yield: [OptionShape("progress", .bool)] + Self.passthruOptions
        case .hello, .welcome, .abort, .challenge, .authenticate, .goodbye, .error, .published, .subscribed,
            .unsubscribe, .unsubscribed, .result, .registered, .unregister, .unregistered, .invocation, .interrupt:
            []
        }
    }

    /// Makes sure that options (of a message to send) or an event's details have the shapes of the table.
    ///
    /// Keys that the table does not have are refused in what is sent, except private ones (with the prefix `_` or
    /// `x_`), and ignored in what is received.
    package func check(options values: [String: Value]) throws(OptionError) {
        let shapes = self.options
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            if let shape = shapes.first(where: { $0.name == name }) {
                guard shape.accepts(value) else {
                    throw OptionError(message: self, option: name, expectation: shape.expectation)
                }
            } else if self.shape.direction != .toClient, !Self.isPrivate(name) {
                throw OptionError(message: self, option: name, expectation: nil)
            }
        }
    }

    /// True for `_` or `x_` and at least three of `a-z 0-9 _`.
    private static func isPrivate(_ name: String) -> Bool {
        guard name.hasPrefix("_") || name.hasPrefix("x_"), name.utf8.count >= 4 else { return false }
        return name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
    }

    private static let match = OptionShape("match", .oneOf(MatchPolicy.allCases.map(\.rawValue)))

    /// The options of any message with a payload: payload passthru of the specification, and Crossbar.io's own.
    private static let passthruOptions: [OptionShape] = [
        .init("ppt_scheme", .string), .init("ppt_serializer", .string), .init("ppt_cipher", .string),
        .init("ppt_keyid", .string), .init("enc_algo", .oneOf(["cryptobox", "mqtt", "xbr"])),
        .init("enc_serializer", .oneOf(["json", "msgpack", "cbor", "ubjson", "flatbuffers", "opaque"])),
        .init("enc_key", .string),
    ]

    private static let publishOptions: [OptionShape] =
        [
            .init("acknowledge", .bool), .init("exclude_me", .bool), .init("exclude", .ids),
            .init("exclude_authid", .strings), .init("exclude_authrole", .strings), .init("eligible", .ids),
            .init("eligible_authid", .strings), .init("eligible_authrole", .strings), .init("disclose_me", .bool),
            .init("retain", .bool), .init("rkey", .string), .init("transaction_hash", .string),
            .init("forward_for", .dictionaries),
        ] + passthruOptions

    private static let subscribeOptions: [OptionShape] = [
        match, .init("get_retained", .bool), .init("nkey", .string), .init("forward_for", .dictionaries),
    ]

    private static let eventDetails: [OptionShape] =
        [
            .init("topic", .uri), .init("publisher", .id), .init("publisher_authid", .string),
            .init("publisher_authrole", .string), .init("trustlevel", .natural), .init("retained", .bool),
            .init("transaction_hash", .string), .init("x_acknowledged_delivery", .bool),
            .init("forward_for", .dictionaries),
        ] + passthruOptions

    private static let registerOptions: [OptionShape] = [
        match, .init("invoke", .oneOf(InvocationPolicy.allCases.map(\.rawValue))), .init("disclose_caller", .bool),
        .init("forward_timeout", .bool), .init("concurrency", .positive), .init("force_reregister", .bool),
    ]

    private static let callOptions: [OptionShape] =
        [
            .init("timeout", .natural), .init("receive_progress", .bool), .init("progress", .bool),
            .init("disclose_me", .bool), .init("rkey", .string), .init("runmode", .oneOf(["partition"])),
        ] + passthruOptions
}
