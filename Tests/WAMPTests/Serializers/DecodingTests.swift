import NIOCore
import Testing

@testable import WAMP

/// Decodes a text, for tests.
func decode(_ text: String) throws -> IncomingMessage {
    try Serializer(.json).decode(ByteBuffer(string: text))
}

/// An id, for tests.
func id<ID: WAMPIdentifier>(_ number: Int64) -> ID { ID(checked: number) }

@Suite struct DecodingTests {
    private func text(_ buffer: ByteBuffer?) -> String? { buffer.map { String(buffer: $0) } }

    @Test func invocation() throws {
        let message = try decode(#"[68,6131533,9823526,{"caller":1},["a",{"b":2}],{"k":[3]}]"#)
        guard case .invocation(let invocation) = message else { throw Unexpected(message) }
        #expect(invocation.request == id(6_131_533))
        #expect(invocation.registration == id(9_823_526))
        #expect(invocation.details.integer("caller") == 1)
        #expect(self.text(invocation.payload.arguments) == #"["a",{"b":2}]"#)
        #expect(self.text(invocation.payload.keywordArguments) == #"{"k":[3]}"#)
        #expect(!invocation.payload.containsNUL)
        #expect(invocation.payload.fault == nil)
    }

    @Test("a lenient router's empty list means no keyword arguments") func emptyListOfKeywords() throws {
        #expect(try decode("[68,1,2,{},[7],[]]") == decode("[68,1,2,{},[7]]"))
    }

    @Test func slicesAreOfTheReadablePart() throws {
        var buffer = ByteBuffer(string: "garbage[68,1,2,{},[7]]garbage")
        buffer.moveReaderIndex(forwardBy: 7)
        let slice = try present(buffer.readSlice(length: 15))
        guard case .invocation(let invocation) = try Serializer(.json).decode(slice) else { throw Unexpected(nil) }
        #expect(self.text(invocation.payload.arguments) == "[7]")
        #expect(self.text(invocation.details.text) == "{}")
    }

    @Test func eachKind() throws {
        #expect(
            try decode(#"[2,5,{"roles":{}}]"#)
                == .welcome(Welcome(session: id(5), details: Details(text: ByteBuffer(string: #"{"roles":{}}"#)))))
        #expect(
            try decode(#"[3,{"message":"no"},"wamp.error.no_such_realm"]"#)
                == .abort(Abort(details: Details(["message": "no"]), reason: "wamp.error.no_such_realm")))
        #expect(try decode(#"[4,"ticket",{}]"#) == .challenge(Challenge(method: "ticket", extra: .empty)))
        #expect(try decode(#"[6,{},"wamp.close.normal"]"#) == .goodbye(Goodbye(reason: CloseReason.normal)))
        #expect(try decode("[17,1,2]") == .published(Published(request: id(1), publication: id(2))))
        #expect(try decode("[33,1,2]") == .subscribed(Subscribed(request: id(1), subscription: id(2))))
        #expect(try decode("[35,1]") == .unsubscribed(.answer(id(1))))
        #expect(try decode(#"[35,0,{"subscription":7}]"#) == .unsubscribed(.revoked(id(7), reason: nil)))
        #expect(try decode("[65,1,2]") == .registered(Registered(request: id(1), registration: id(2))))
        #expect(try decode("[67,1]") == .unregistered(.answer(id(1))))
        #expect(
            try decode(#"[67,0,{"registration":7,"reason":"wamp.error.unregistered"}]"#)
                == .unregistered(.revoked(id(7), reason: "wamp.error.unregistered")))
        #expect(try decode("[69,1,{}]") == .interrupt(Interrupt(request: id(1))))
        #expect(try decode("[50,1,{}]") == .result(CallResult(request: id(1))))
        #expect(try decode("[36,1,2,{}]") == .event(Event(subscription: id(1), publication: id(2))))
        #expect(
            try decode(#"[8,48,1,{},"a.b",["x"]]"#)
                == .error(
                    ErrorMessage(
                        requestKind: .call, request: id(1), uri: "a.b",
                        payload: Payload(arguments: ByteBuffer(string: #"["x"]"#)))))
        #expect(
            try decode(#"[3,{},"a",[1],{"b":2}]"#)
                == .abort(
                    Abort(
                        details: .empty, reason: "a",
                        payload: Payload(
                            arguments: ByteBuffer(string: "[1]"), keywordArguments: ByteBuffer(string: #"{"b":2}"#)))))
    }

    @Test func isLenient() throws {
        // Space, superfluous elements, null payloads, ids as doubles, escaped strings, router's extensions.
        #expect(
            try decode(" [ 17 , 1 , 2 , \"more\", {} ] \n") == .published(Published(request: id(1), publication: id(2)))
        )
        #expect(try decode("[17,1.0,2e3]") == .published(Published(request: id(1), publication: id(2000))))
        #expect(try decode("[50,1,{},null,null]") == .result(CallResult(request: id(1))))
        #expect(try decode("[50,1,{},[],{},1,2,3,4]") == (try decode("[50,1,{},[],{}]")))
        #expect(
            try decode("[50,1,{},null,{\"a\":1}]")
                == .result(
                    CallResult(
                        request: id(1), payload: Payload(keywordArguments: ByteBuffer(string: "{\"a\":1}")))))
        #expect(try decode(#"[6,{},"wamp.close\u002Enormal"]"#) == .goodbye(Goodbye(reason: CloseReason.normal)))
        #expect(try decode("[337,5512315355]") == .extension(code: 337))
        #expect(try decode("[256]") == .extension(code: 256))
        #expect(
            try decode("[17,9007199254740992,9007199254740992.0]")
                == .published(Published(request: id(9_007_199_254_740_992), publication: id(9_007_199_254_740_992))))
    }

    /// An ERROR for a request that can't fail belongs to nobody, and does no harm.
    @Test(arguments: [0, 33, 49, 68, 70, 99, -1, 1_000_000_000_000_000] as [Int64])
    func errorsForWhatCannotFail(kind: Int64) throws {
        #expect(try decode("[8,\(kind),1,{},\"a\"]") == .strayError)
    }

    /// Brokers may use their own numbers for events.
    @Test(arguments: [
        ("0", "0"), ("9007199254740993", "9007199254740993"), ("18446744073709551615", "18446744073709551615"),
        ("1e19", "10000000000000000000"),
    ])
    func publicationsOfAnyNumber(text: String, number: String) throws {
        guard case .published(let published) = try decode("[17,1,\(text)]"),
            case .event(let event) = try decode("[36,1,\(text),{}]")
        else { return #expect(Bool(false)) }
        #expect(published.publication.description == number)
        #expect(event.publication.description == number)
    }

    @Test(arguments: [
        (#"[68,1,2,{"ppt_scheme":"x_a","ppt_serializer":"cbor"},["\u0000AQID"]]"#, true),
        (#"[68,1,2,{"ppt\u005fscheme":"x_a"},["\u0000AQID"]]"#, true), (#"[68,1,2,{"ppt_scheme":null},[1]]"#, false),
        (#"[68,1,2,{"procedure":"com.ppt_scheme"},[1]]"#, false), (#"[68,1,2,{"a":{"ppt_scheme":"b"}},[1]]"#, false),
    ])
    func passedThrough(text: String, isOpaque: Bool) throws {
        guard case .invocation(let invocation) = try decode(text) else { return #expect(Bool(false)) }
        #expect(invocation.payload.fault == (isOpaque ? .opaque : nil))
    }

    /// What can be read from a message of which only the beginning was kept.
    @Test(arguments: SerializerID.allCases)
    func beginnings(serializer id: SerializerID) throws {
        let long = String(repeating: "x", count: 200)
        for (text, expected) in [
            (#"[68,12,34,{"procedure":"\#(long)"},["a"]]"#, "invocation 12 34"),
            (#"[36,7,9007199254740992,{},["\#(long)"]]"#, "event 7"),
            (#"[50,3,{},["\#(long)"]]"#, "result 3"), (#"[8,48,5,{},"a.b",["\#(long)"]]"#, "error 5"),
            (#"[2,5,{"a":"\#(long)"}]"#, "nothing"), (#"["\#(long)"]"#, "nothing"),
        ] {
            var octets = ByteBuffer()
            switch id {
            case .json: octets.writeString(" " + text)
            case .msgpack: MessagePackFormat.writeNext(text: ByteBuffer(string: text), into: &octets)
            case .cbor: CBORFormat.writeNext(text: ByteBuffer(string: text), into: &octets)
            }
            let beginning = ByteBuffer(bytes: octets.readableBytesView.prefix(Serializer.octetsOfBeginning))
            let found =
                switch Serializer(id).message(beginning: beginning) {
                case .invocation(let invocation): "invocation \(invocation.request) \(invocation.registration)"
                case .event(let event): "event \(event.subscription)"
                case .result(let result): "result \(result.request)"
                case .error(let error): "error \(error.request)"
                case nil: "nothing"
                default: "something else"
                }
            #expect(found == expected)
        }
    }

    @Test(arguments: [
        "[]", "[\"68\",1,2,{}]", "[68.5,1,2,{}]", "[null]", "[[68]]", "[1e300]", "[99999999999999999999]",
    ])
    func needsACode(text: String) {
        #expect(throws: MessageError(.noCode)) { try decode(text) }
    }

    @Test(arguments: [0, 7, 9, 37, 255, -1] as [Int64])
    func refusesUnknownCodes(code: Int64) {
        #expect(throws: MessageError(.unknownCode(code))) { try decode("[\(code),1,{}]") }
    }

    @Test(arguments: MessageKind.allCases)
    func refusesWhatClientsSend(kind: MessageKind) {
        let isRefused = kind.shape.direction == .toRouter
        let error = #expect(throws: MessageError.self) { try decode("[\(kind.rawValue)]") }
        #expect(error?.code == (isRefused ? .wrongDirection(kind) : .tooShort(kind)))
    }

    @Test(arguments: [
        ("[2,0,{}]", MessageKind.welcome, 1), ("[2,-1,{}]", .welcome, 1), ("[2,9007199254740993,{}]", .welcome, 1),
        ("[2,1.5,{}]", .welcome, 1), ("[2,\"1\",{}]", .welcome, 1), ("[2,true,{}]", .welcome, 1),
        ("[2,99999999999999999999999,{}]", .welcome, 1), ("[2,1e400,{}]", .welcome, 1), ("[2,NaN,{}]", .welcome, 1),
        ("[2,1,[]]", .welcome, 2), ("[2,1,null]", .welcome, 2), ("[2,1,{\"a\":\"\\ud800\"}]", .welcome, 2),
        ("[3,{},1]", .abort, 2), ("[3,{},null]", .abort, 2), ("[6,\"a\",{}]", .goodbye, 1),
        ("[4,1,{}]", .challenge, 1), ("[6,{},\"\\udfff\"]", .goodbye, 2),
        ("[8,\"48\",1,{},\"a\"]", .error, 1), ("[8,48,0,{},\"a\"]", .error, 2),
        ("[17,1,-1]", .published, 2), ("[17,1,1.5]", .published, 2), ("[36,1,\"1\",{}]", .event, 2),
        ("[35,0,{}]", .unsubscribed, 2), ("[35,0]", .unsubscribed, 2),
        ("[35,0,{\"subscription\":0}]", .unsubscribed, 2),
        ("[35,0,{\"registration\":1}]", .unsubscribed, 2), ("[67,0,{\"registration\":\"1\"}]", .unregistered, 2),
        ("[67,-1]", .unregistered, 1), ("[67,1,2]", .unregistered, 2),
        ("[68,0,1,{}]", .invocation, 1), ("[68,1,0,{}]", .invocation, 2), ("[68,1,1,[]]", .invocation, 3),
        ("[68,1,1,{},{}]", .invocation, 4), ("[68,1,1,{},5]", .invocation, 4), ("[68,1,1,{},[],[1]]", .invocation, 5),
        ("[68,1,1,{},[],\"a\"]", .invocation, 5), ("[36,1,1,{},true]", .event, 4),
    ])
    func refusesWrongElements(text: String, kind: MessageKind, index: Int) {
        #expect(throws: MessageError(.wrongElement(kind, index: index))) { try decode(text) }
    }

    @Test(arguments: [
        "", "{}", "68", "[68,1,2,{}", "[68,1,2,{}]]", "[68,1,2,{}] x", "[68,1,2,{},[01]]", "[68,1,2,{},[\"\n\"]]",
        "[68 1]",
    ])
    func refusesWhatIsNotAList(text: String) {
        let error = #expect(throws: MessageError.self) { try decode(text) }
        guard case .malformed = error?.code else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func refusesInvalidUTF8() {
        var buffer = ByteBuffer(string: "[68,1,2,{},[\"")
        buffer.writeBytes([0xFF])
        buffer.writeString("\"]]")
        #expect(throws: MessageError(.malformed(JSONError(.invalidUTF8, at: 13)))) {
            try Serializer(.json).decode(buffer)
        }
    }

    @Test func refusesWhatIsTooLarge() throws {
        let serializer = Serializer(.json, limits: DecodingLimits(depth: 512, size: 20))
        #expect(throws: MessageError(.tooLarge)) {
            try serializer.decode(ByteBuffer(string: "[68,1,2,{},[1,2,3,4]]"))
        }
        #expect(try serializer.decode(ByteBuffer(string: "[17,1,2]")) == (try decode("[17,1,2]")))
    }

    /// What other peers can send through a router harms only their own message.
    @Test(arguments: [
        ("\"bytes\"", PayloadFault.opaque), ("\"\\u0000AQID\"", .opaque), ("\"\\ud800\"", .opaque),
        ("[\"\\ud800\"]", .loneSurrogate), ("[NaN]", .notFinite), ("[-Infinity]", .notFinite),
        ("[1],{\"a\":Infinity}", .notFinite), ("null,{\"\\udc00\":1}", .loneSurrogate),
    ])
    func payloadsThatCantBeUsed(payload: String, fault: PayloadFault) throws {
        guard case .invocation(let invocation) = try decode("[68,1,2,{},\(payload)]") else { throw Unexpected(nil) }
        #expect(invocation.payload == Payload(fault: fault))
        guard case .event(let event) = try decode("[36,1,2,{},\(payload)]") else { throw Unexpected(nil) }
        #expect(event.payload.fault == fault)
    }

    @Test func payloadsThatAreTooDeep() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        guard case .invocation(let deepest) = try decode("[68,1,2,{},\(nested(512))]") else { throw Unexpected(nil) }
        #expect(deepest.payload.fault == nil)
        guard case .invocation(let deeper) = try decode("[68,1,2,{},\(nested(513))]") else { throw Unexpected(nil) }
        #expect(deeper.payload == Payload(fault: .tooDeep))
        guard case .invocation(let deepest) = try decode("[68,1,2,{},\(nested(1_000_000))]") else {
            throw Unexpected(nil)
        }
        #expect(deepest.payload.fault == .tooDeep)
        let error = #expect(throws: MessageError.self) { try decode("[68,1,2,{\"a\":\(nested(513))}]") }
        #expect(error?.code == .wrongElement(.invocation, index: 3))
    }

    @Test func payloadsWithNUL() throws {
        for payload in ["[\"\\u0000AQI=\"]", "[],{\"a\":\"x\\u0000\"}", "[],{\"\\u0000\":1}"] {
            guard case .invocation(let invocation) = try decode("[68,1,2,{},\(payload)]") else { throw Unexpected(nil) }
            #expect(invocation.payload.containsNUL)
            #expect(invocation.payload.fault == nil)
        }
    }

    @Test func numbersBeyond64BitsArePassedOn() throws {
        let payload = "[123456789012345678901234567890,1e999,-0.0]"
        guard case .event(let event) = try decode("[36,1,2,{\"x\":1e999},\(payload)]") else { throw Unexpected(nil) }
        #expect(self.text(event.payload.arguments) == payload)
    }

    @Test func saysWhatIsWrong() {
        #expect(
            MessageError(.wrongElement(.invocation, index: 1)).description
                == "element 1 of INVOCATION must be an id from 1 to 2^53")
        #expect(MessageError(.tooShort(.event)).description == "EVENT has too few elements")
        #expect(MessageError(.wrongDirection(.call)).description == "CALL is sent by clients only")
    }
}

/// A message of another kind than the test expects.
struct Unexpected: Error {
    let message: IncomingMessage?

    init(_ message: IncomingMessage?) {
        self.message = message
    }
}

extension Value: ExpressibleByStringLiteral {
    /// Lets tests write a string as a literal.
    package init(stringLiteral value: String) {
        self = .string(value)
    }
}
