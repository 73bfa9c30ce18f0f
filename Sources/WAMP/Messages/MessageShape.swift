/// The shape of a message: one row of the table of all messages (``MessageKind/shape``).
struct MessageShape: Sendable {
    /// The side that sends it.
    enum Direction: UInt8, Sendable {
        case toRouter
        case toClient
        case both
    }

    /// What an element after the code must be.
    enum Element: UInt8, Sendable {
        /// No element.
        case none
        /// An id from 1 to 2^53.
        case id
        /// An id, or 0 if the router was not asked (a revocation).
        case idOrZero
        /// The code of a kind of request.
        case requestKind
        /// A string.
        case string
        /// A dictionary.
        case dictionary
        /// A list, or null; a string is tolerated (an opaque payload).
        case arguments
        /// A dictionary, or null.
        case keywordArguments
        /// The id of an event, which only names it: any integer from 0 on, because some brokers use their own numbers.
        case publication
    }

    /// The most elements that any message has, including its code.
    static let mostElements = 7

    /// The name in the specification.
    let name: StaticString
    /// The side that sends it.
    let direction: Direction
    /// The kind of request that it answers; nil for none, or any.
    let answered: MessageKind?
    /// The fewest elements, including the code. More than ``most`` are tolerated.
    let least: Int
    /// The most elements that have a meaning, including the code.
    let most: Int

    /// Four bits for each element after the code.
    private let elements: UInt32

    /// What the element at an index (from 1 on; 0 is the code) must be.
    @inline(__always)
    func element(at index: Int) -> Element {
        Element(rawValue: UInt8(truncatingIfNeeded: (self.elements >> UInt32(4 &* (index &- 1))) & 15)) ?? .none
    }

    @inline(__always)
    fileprivate init(
        _ name: StaticString, _ direction: Direction, answers: MessageKind? = nil, optional: Int = 0,
        _ first: Element, _ second: Element = .none, _ third: Element = .none, _ fourth: Element = .none,
        _ fifth: Element = .none, _ sixth: Element = .none
    ) {
        self.name = name
        self.direction = direction
        self.answered = answers
        var elements = UInt32(first.rawValue) | UInt32(second.rawValue) << 4 | UInt32(third.rawValue) << 8
        elements |= UInt32(fourth.rawValue) << 12 | UInt32(fifth.rawValue) << 16 | UInt32(sixth.rawValue) << 20
        self.elements = elements
        self.most = 1 + (32 - elements.leadingZeroBitCount + 3) / 4
        self.least = self.most - optional
    }
}

extension MessageKind {
    /// The table of all messages: name, direction, the request that it answers, how many elements at the end may be
    /// missing, elements.
    var shape: MessageShape {
        switch self {
        case .hello: .init("HELLO", .toRouter, .string, .dictionary)
        case .welcome: .init("WELCOME", .toClient, answers: .hello, .id, .dictionary)
        case .abort: .init("ABORT", .both, optional: 2, .dictionary, .string, .arguments, .keywordArguments)
        case .challenge: .init("CHALLENGE", .toClient, answers: .hello, .string, .dictionary)
        case .authenticate: .init("AUTHENTICATE", .toRouter, answers: .challenge, .string, .dictionary)
        case .goodbye: .init("GOODBYE", .both, .dictionary, .string)
        case .error:
            .init("ERROR", .both, optional: 2, .requestKind, .id, .dictionary, .string, .arguments, .keywordArguments)
        case .publish:
            .init("PUBLISH", .toRouter, optional: 2, .id, .dictionary, .string, .arguments, .keywordArguments)
        case .published: .init("PUBLISHED", .toClient, answers: .publish, .id, .publication)
        case .subscribe: .init("SUBSCRIBE", .toRouter, .id, .dictionary, .string)
        case .subscribed: .init("SUBSCRIBED", .toClient, answers: .subscribe, .id, .id)
        case .unsubscribe: .init("UNSUBSCRIBE", .toRouter, .id, .id)
        case .unsubscribed: .init("UNSUBSCRIBED", .toClient, answers: .unsubscribe, optional: 1, .idOrZero, .dictionary)
        case .event:
            .init("EVENT", .toClient, optional: 2, .id, .publication, .dictionary, .arguments, .keywordArguments)
        case .call: .init("CALL", .toRouter, optional: 2, .id, .dictionary, .string, .arguments, .keywordArguments)
        case .cancel: .init("CANCEL", .toRouter, .id, .dictionary)
        case .result:
            .init("RESULT", .toClient, answers: .call, optional: 2, .id, .dictionary, .arguments, .keywordArguments)
        case .register: .init("REGISTER", .toRouter, .id, .dictionary, .string)
        case .registered: .init("REGISTERED", .toClient, answers: .register, .id, .id)
        case .unregister: .init("UNREGISTER", .toRouter, .id, .id)
        case .unregistered: .init("UNREGISTERED", .toClient, answers: .unregister, optional: 1, .idOrZero, .dictionary)
        case .invocation:
            .init("INVOCATION", .toClient, optional: 2, .id, .id, .dictionary, .arguments, .keywordArguments)
        case .interrupt: .init("INTERRUPT", .toClient, .id, .dictionary)
        case .yield:
            .init(
                "YIELD", .toRouter, answers: .invocation, optional: 2, .id, .dictionary, .arguments, .keywordArguments)
        }
    }

    /// True for those of our requests that a router may answer with ERROR.
    var canFail: Bool {
        switch self {
        case .publish, .subscribe, .unsubscribe, .call, .register, .unregister: true
        case .hello, .welcome, .abort, .challenge, .authenticate, .goodbye, .error, .published, .subscribed,
            .unsubscribed, .event, .cancel, .result, .registered, .unregistered, .invocation, .interrupt, .yield:
            false
        }
    }
}
