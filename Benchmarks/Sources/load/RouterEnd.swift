/// The router's end of one WAMP session, as much of it as a client notices.
///
/// It answers HELLO, REGISTER, UNREGISTER, SUBSCRIBE, UNSUBSCRIBE, acknowledged PUBLISH, CALL (with the call's own
/// arguments) and GOODBYE, and returns what is measured: the answers to invocations, publications, calls.
final class RouterEnd {
    /// The connection; the stages append their invocations to its `outgoing`.
    let connection: Connection

    /// The current registrations, by the text of their procedures.
    private(set) var registrations: [String: Int] = [:]

    /// The current subscriptions, by the text of their topics.
    private(set) var subscriptions: [String: Int] = [:]

    /// True once the peer has sent GOODBYE and got its answer.
    private(set) var hasSaidGoodbye = false

    private var lastID = 1_000

    /// The meaning of a frame, after everything that needs an answer has been answered.
    enum Happening {
        /// Handled here.
        case housekeeping
        /// A YIELD; `result` is its first positional argument if that is an integer.
        case yield(request: Int, result: Int?)
        /// A YIELD in progress whose only argument is an array of rows: their numbers; nil unless they are consecutive.
        case progress(request: Int, rows: Range<Int>?)
        /// An ERROR for an invocation; the text is the whole message.
        case error(request: Int, text: String)
        /// A PUBLISH; `number` is its first positional argument if that is an integer.
        case publish(number: Int?)
        /// A CALL that had positional arguments; a heartbeat has none, and is housekeeping.
        case call
    }

    /// - Parameter connection: with its handshake done.
    init(connection: Connection) {
        self.connection = connection
    }

    /// Waits for the peer (at most 100 ms) and returns whether there may be frames; throws if the peer has
    /// disconnected.
    func receive() throws(LoadError) -> Bool {
        switch try connection.receive() {
        case .bytes: return true
        case .nothing: return false
        case .closed: throw LoadError("the peer closed the connection")
        }
    }

    /// Handles the next received frame. The answers wait in `connection.outgoing` for the caller's flush.
    func next() throws(LoadError) -> Happening? {
        guard let frame = try connection.nextFrame() else { return nil }
        guard frame.type == 0 else {
            if frame.type == 1 {
                connection.outgoing.beginFrame(type: 2)
                connection.outgoing.append(frame.payload)
                connection.outgoing.endFrame()
            }
            return .housekeeping
        }
        var cursor = MessageCursor(frame.payload, connection.outgoing.wire)
        guard cursor.beginList(), let code = cursor.integer(), cursor.next() else { throw malformed(frame) }
        switch code {
        case 70:
            guard let request = cursor.integer(), cursor.next(), let isProgress = cursor.objectHasTrue("progress")
            else { throw malformed(frame) }
            if isProgress { return .progress(request: request, rows: rows(&cursor)) }
            guard cursor.next(), cursor.beginList() else { return .yield(request: request, result: nil) }
            return .yield(request: request, result: cursor.integer())
        case 16:
            return try publication(&cursor, frame)
        case 48:
            return try call(&cursor, frame)
        case 8:
            guard cursor.integer() == 68, cursor.next(), let request = cursor.integer() else {
                throw malformed(frame)
            }
            return .error(request: request, text: String(decoding: frame.payload, as: UTF8.self))
        default:
            try answer(code, &cursor, frame)
            return .housekeeping
        }
    }

    /// Serves the session until `condition` holds; throws after `seconds`, or if the peer disconnects.
    func serve(for what: String, within seconds: Double, until condition: (RouterEnd) -> Bool) throws(LoadError) {
        let deadline = Clock.now() + UInt64(seconds * 1e9)
        while !condition(self) {
            guard Clock.now() < deadline else { throw LoadError("waited \(seconds) s for \(what)") }
            guard try receive() else { continue }
            while try next() != nil {}
            try connection.flush()
        }
    }

    private func publication(_ cursor: inout MessageCursor, _ frame: Connection.Frame) throws(LoadError) -> Happening {
        guard let request = cursor.integer(), cursor.next(),
            let isAcknowledged = cursor.objectHasTrue("acknowledge"), cursor.next(), cursor.string() != nil
        else { throw malformed(frame) }
        if isAcknowledged {
            answer(17, request, newID())
        }
        guard cursor.next(), cursor.beginList() else { return .publish(number: nil) }
        return .publish(number: cursor.integer())
    }

    /// The numbers of an array of objects, each of which begins with its number. Sets are measured only over JSON.
    private func rows(_ cursor: inout MessageCursor) -> Range<Int>? {
        guard cursor.next(), cursor.beginList(), cursor.beginList() else { return nil }
        var numbers: Range<Int>?
        repeat {
            guard let row = cursor.value() else { return nil }
            var member = JSONCursor(row)
            guard member.take("{"), member.string() != nil, member.take(":"), let number = member.integer(),
                number == numbers?.upperBound ?? number, number < Int.max
            else { return nil }
            numbers = (numbers?.lowerBound ?? number)..<(number + 1)
        } while cursor.next()
        return numbers
    }

    private func call(_ cursor: inout MessageCursor, _ frame: Connection.Frame) throws(LoadError) -> Happening {
        guard let request = cursor.integer(), cursor.next(), cursor.skipValue(), cursor.next(),
            cursor.string() != nil
        else { throw malformed(frame) }
        guard cursor.next() else {
            result(of: request) {
                $0.beginList(1)
                $0.integer(1)
                $0.endList()
            }
            return .housekeeping
        }
        guard let arguments = cursor.value() else { throw malformed(frame) }
        result(of: request) { $0.value(arguments) }
        return .call
    }

    private func answer(_ code: Int, _ cursor: inout MessageCursor, _ frame: Connection.Frame) throws(LoadError) {
        switch code {
        case 1:
            welcome()
        case 6:
            connection.outgoing.beginFrame()
            connection.outgoing.beginList(3)
            connection.outgoing.integer(6)
            connection.outgoing.emptyDictionary()
            connection.outgoing.string("wamp.close.goodbye_and_out")
            connection.outgoing.endList()
            connection.outgoing.endFrame()
            hasSaidGoodbye = true
        case 32, 34, 64, 66:
            guard let request = cursor.integer(), cursor.next() else { throw malformed(frame) }
            switch code {
            case 34:
                guard let subscription = cursor.integer() else { throw malformed(frame) }
                subscriptions = subscriptions.filter { $0.value != subscription }
                answer(35, request)
            case 66:
                guard let registration = cursor.integer() else { throw malformed(frame) }
                registrations = registrations.filter { $0.value != registration }
                answer(67, request)
            default:
                guard cursor.skipValue(), cursor.next(), let uri = cursor.string() else { throw malformed(frame) }
                let id = newID()
                if code == 32 {
                    subscriptions[String(decoding: uri, as: UTF8.self)] = id
                    answer(33, request, id)
                } else {
                    registrations[String(decoding: uri, as: UTF8.self)] = id
                    answer(65, request, id)
                }
            }
        case 49: break
        default: throw malformed(frame)
        }
    }

    /// A list of integers.
    private func answer(_ code: Int, _ request: Int, _ id: Int? = nil) {
        connection.outgoing.beginFrame()
        connection.outgoing.beginList(id == nil ? 2 : 3)
        connection.outgoing.integer(code)
        connection.outgoing.integer(request)
        if let id { connection.outgoing.integer(id) }
        connection.outgoing.endList()
        connection.outgoing.endFrame()
    }

    private func result(of request: Int, _ arguments: (inout OutgoingBytes) -> Void) {
        connection.outgoing.beginFrame()
        connection.outgoing.beginList(4)
        connection.outgoing.integer(50)
        connection.outgoing.integer(request)
        connection.outgoing.emptyDictionary()
        arguments(&connection.outgoing)
        connection.outgoing.endList()
        connection.outgoing.endFrame()
    }

    private func newID() -> Int {
        lastID += 1
        return lastID
    }

    private func malformed(_ frame: Connection.Frame) -> LoadError {
        LoadError(
            "the peer sent an unexpected message: \(String(decoding: frame.payload.prefix(400), as: UTF8.self))")
    }

    /// What Crossbar.io announces in WELCOME, under another name.
    private func welcome() {
        connection.outgoing.beginFrame()
        connection.outgoing.beginList(3)
        connection.outgoing.integer(2)
        connection.outgoing.integer(3_251_278_072_152_162)
        connection.outgoing.beginDictionary(8)
        connection.outgoing.key("authextra")
        connection.outgoing.beginDictionary(1)
        connection.outgoing.key("x_cb_node")
        connection.outgoing.string("load")
        connection.outgoing.endDictionary()
        for (key, value) in Self.identity {
            connection.outgoing.key(key)
            connection.outgoing.string(value)
        }
        connection.outgoing.key("roles")
        connection.outgoing.beginDictionary(Self.features.count)
        for (role, features) in Self.features {
            connection.outgoing.key(role)
            connection.outgoing.beginDictionary(1)
            connection.outgoing.key("features")
            connection.outgoing.beginDictionary(features.count)
            for feature in features {
                connection.outgoing.key(feature)
                connection.outgoing.yes()
            }
            connection.outgoing.endDictionary()
            connection.outgoing.endDictionary()
        }
        connection.outgoing.endDictionary()
        connection.outgoing.endDictionary()
        connection.outgoing.endList()
        connection.outgoing.endFrame()
    }

    private static let identity: [(StaticString, StaticString)] = [
        ("authid", "KLDJ-WR7C-GXE7-LJAL-PQ3K"), ("authmethod", "anonymous"), ("authprovider", "static"),
        ("authrole", "anonymous"), ("realm", "realm1"), ("agent", "wamp-sidecar-load"),
    ]

    private static let features: [(StaticString, [StaticString])] = [
        (
            "broker",
            [
                "event_retention", "pattern_based_subscription", "publisher_exclusion", "publisher_identification",
                "session_meta_api", "subscriber_blackwhite_listing", "subscription_meta_api", "subscription_revocation",
            ]
        ),
        (
            "dealer",
            [
                "call_canceling", "caller_identification", "pattern_based_registration", "progressive_call_results",
                "registration_meta_api", "registration_revocation", "session_meta_api", "shared_registration",
                "testament_meta_api",
            ]
        ),
    ]
}
