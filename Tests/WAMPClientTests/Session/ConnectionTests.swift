import NIOCore
import NIOEmbedded
import Names
import Testing
import WAMP

@testable import WAMPClient

/// One connection over an embedded channel; the test controls the loop's clock.
@Suite struct ConnectionTests {
    final class Setup {
        let user = RecordingUser()
        let channel = EmbeddedChannel()
        let connection: Connection
        private let isWebSocket: Bool

        init(
            _ url: String = "rs://h:1", address: String = "127.0.0.1", channelID: [UInt8]? = nil,
            _ change: (inout RouterConfiguration) -> Void = { _ in }
        ) throws {
            let url = try RouterURL(url)
            var configuration = RouterConfiguration(
                urls: [url], realm: try Realm("realm1"), authentication: .anonymous(authid: nil), agent: "test/1")
            change(&configuration)
            self.isWebSocket = url.transport != .rawSocket
            self.connection = Connection(
                url: url, configuration: configuration, eventLoop: self.channel.embeddedEventLoop, owner: self.user,
                delegate: self.user)
            try Connector.addHandlers(
                to: self.channel.pipeline.syncOperations, url: url, configuration, receiver: self.connection)
            if let channelID { self.connection.transportSecured(channelID: channelID) }
            try self.channel.connect(to: SocketAddress(ipAddress: address, port: 1)).wait()
            if !self.isWebSocket {
                _ = try self.channel.readOutbound(as: ByteBuffer.self)
                try self.channel.writeInbound(ByteBuffer(bytes: [0x7F, 0xF1, 0, 0]))
            }
        }

        static func joined(_ change: (inout RouterConfiguration) -> Void = { _ in }) throws -> Setup {
            let setup = try Setup("rs://h:1", change)
            let sent = try setup.sent()
            #expect(sent.count == 1)
            #expect(sent.first?.hasPrefix("[1,\"realm1\",{") == true)
            try setup.receive(
                #"[2,77,{"realm":"realm1","agent":"R-1","authid":"me","authrole":"r","#
                    + #""roles":{"dealer":{"features":{"call_canceling":true}},"broker":{}}}]"#)
            #expect(setup.user.session != nil)
            return setup
        }

        func receive(_ text: String) throws {
            try self.channel.writeInbound(RouterEnd.rawSocket(text))
        }

        func frames() throws -> [(kind: UInt8, text: String)] {
            self.channel.embeddedEventLoop.run()
            var all = ByteBuffer()
            while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
                all.writeImmutableBuffer(buffer)
            }
            return RouterEnd.rawSocketFrames(all)
        }

        func sent() throws -> [String] {
            try self.frames().map(\.text)
        }

        func pass(_ time: TimeAmount) {
            self.channel.embeddedEventLoop.advanceTime(by: time)
        }

        func session() throws -> Session {
            try #require(self.user.session)
        }
    }

    private let topic: URI
    private let procedure: URI

    init() throws {
        self.topic = try URI("com.topic")
        self.procedure = try URI("com.procedure")
    }

    /// Messages use the serializer that was agreed on, in both directions, including the heartbeat.
    @Test(arguments: [SerializerID.msgpack, .cbor])
    func otherSerializers(_ serializer: SerializerID) throws {
        let user = RecordingUser()
        let channel = EmbeddedChannel()
        let url = try RouterURL("rs://h:1")
        var configuration = RouterConfiguration(
            urls: [url], realm: try Realm("realm1"), authentication: .anonymous(authid: nil), agent: "test/1")
        configuration.serializers = [serializer]
        let connection = Connection(
            url: url, configuration: configuration, eventLoop: channel.embeddedEventLoop, owner: user, delegate: user)
        try Connector.addHandlers(
            to: channel.pipeline.syncOperations, url: url, configuration, receiver: connection)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        #expect(
            try channel.readOutbound(as: ByteBuffer.self)
                == ByteBuffer(bytes: [0x7F, 0xF0 | serializer.rawValue, 0, 0]))
        try channel.writeInbound(ByteBuffer(bytes: [0x7F, 0xF0 | serializer.rawValue, 0, 0]))
        #expect(user.opened == [serializer])
        func receive(_ text: String) throws {
            try channel.writeInbound(RouterEnd.rawSocket(RouterEnd.message(text, serializer)))
        }
        func sent() throws -> ByteBuffer? {
            channel.embeddedEventLoop.run()
            return try channel.readOutbound(as: ByteBuffer.self)
        }
        #expect(
            try sent()?.getBytes(at: 5, length: 8) == [1, serializer == .msgpack ? 0xA6 : 0x66]
                + Array("realm1".utf8))
        try receive(#"[2,77,{"roles":{"dealer":{}}}]"#)
        let session = try #require(user.session)
        try receive(#"[68,9,5,{"procedure":"a.b"},["x",{"y":[1.5,"\u0000AQID"]}],{"k":null}]"#)
        let invocation = try #require(user.invocations.first)
        #expect(invocation.details.string("procedure") == "a.b")
        #expect(invocation.payload.containsNUL)
        #expect(session.yield(invocation.request, payload: invocation.payload) == .sent)
        let answer = #"[70,9,{},["x",{"y":[1.5,"\u0000AQID"]}],{"k":null}]"#
        #expect(try sent() == RouterEnd.rawSocket(RouterEnd.message(answer, serializer)))
        // An unusable payload does not end the session; octets that are not a message do.
        try channel.writeInbound(
            RouterEnd.rawSocket(
                ByteBuffer(
                    bytes: serializer == .msgpack
                        ? [0x95, 68, 10, 5, 0x80, 0x91, 0xA1, 0xFF] : [0x85, 0x18, 68, 10, 5, 0xA0, 0x81, 0x61, 0xFF])))
        #expect(user.invocations.last?.payload.fault == .invalidUTF8)
        try channel.writeInbound(RouterEnd.rawSocket(ByteBuffer(bytes: [0xC1])))
        channel.embeddedEventLoop.run()
        #expect(user.fault?.code == .protocolViolation)
        #expect(
            user.fault?.message.contains(serializer == .msgpack ? "not a MessagePack list" : "not a CBOR list") == true)
    }

    private func arguments(_ text: String) -> Payload {
        Payload(arguments: ByteBuffer(string: text))
    }

    @Test func joins() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        #expect(session.id.rawValue == 77)
        #expect(session.agent == "R-1")
        #expect(session.realm == "realm1")
        #expect(session.authid == "me")
        #expect(session.greatestMessage == (1 << 24) - 1)
        #expect(session.routerAnnounces("call_canceling", role: .dealer))
        #expect(!session.welcome.isFromCrossbar)
        #expect(session.isOpen)
    }

    // MARK: - Lost answers

    @Test func asksAgainForWhatIsNotAnswered() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        var log: [String] = []
        session.register(self.procedure) { log.append("registered \($0.success?.rawValue ?? 0)") }
        session.subscribe(self.topic) { log.append("subscribed \($0.success?.rawValue ?? 0)") }
        _ = try setup.sent()
        try setup.receive(#"[33,2,20]"#)
        setup.pass(.seconds(5))
        #expect(try setup.sent().contains(#"[64,3,{},"com.procedure"]"#))
        try setup.receive(#"[65,3,30]"#)
        #expect(log == ["subscribed 20", "registered 30"])
        // The first answer was only late: it names what is held, and nothing is given back.
        try setup.receive(#"[65,1,30]"#)
        #expect(try setup.sent().isEmpty)
        #expect(log.count == 2)
    }

    @Test func aRepetitionThatIsRefusedBecauseOfTheFirst() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        var failures: [RequestError.Code?] = []
        session.register(self.procedure) { failures.append($0.failure?.code) }
        session.register(self.procedure) { failures.append($0.failure?.code) }
        _ = try setup.sent()
        try setup.receive(#"[8,64,2,{},"wamp.error.procedure_already_exists"]"#)
        #expect(failures == [.refused])
        setup.pass(.seconds(5))
        _ = try setup.sent()
        try setup.receive(#"[8,64,3,{},"wamp.error.procedure_already_exists"]"#)
        #expect(failures == [.refused, .answerLost])
    }

    @Test func givesBackOnceWhatWasAskedForTwice() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        var subscription: SubscriptionID?
        session.subscribe(self.topic) { subscription = $0.success }
        setup.pass(.seconds(5))
        try setup.receive(#"[33,1,20]"#)
        try setup.receive(#"[33,2,20]"#)
        _ = try setup.sent()
        session.unsubscribe(try #require(subscription)) { _ in }
        #expect(try setup.sent() == ["[34,3,20]"])
        setup.pass(.seconds(5))
        #expect(try setup.sent().contains("[34,4,20]"))
    }

    @Test func sixtyFourPublicationsAtOnce() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        var published: [Int64] = []
        for _ in 0..<100 {
            session.publish(self.topic, payload: .empty, acknowledged: { published.append($0.success?.rawValue ?? 0) })
        }
        #expect(try setup.sent().count == 64)
        for id in 1...10 { try setup.receive("[17,\(id),\(id)]") }
        #expect(try setup.sent().count == 10)
        #expect(published == Array(1...10))
        var failures = 0
        session.publish(self.topic, payload: .empty, acknowledged: { if $0.failure != nil { failures += 1 } })
        session.abandon("enough")
        setup.channel.embeddedEventLoop.run()
        #expect((published.count, failures) == (100, 1))
    }

    @Test func publicationsWithoutPatienceAreSentOnce() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        session.publish(self.topic, payload: .empty, acknowledged: { _ in })
        _ = try setup.sent()
        setup.pass(.seconds(20))
        #expect(try setup.sent().filter { $0.hasPrefix("[16,") }.isEmpty)
    }

    @Test func answersInvocations() throws {
        let setup = try Setup.joined()
        setup.user.onInvocation = { invocation, session in
            #expect(session.yield(invocation.request, payload: invocation.payload) == .sent)
        }
        try setup.receive(#"[68,9,5,{},["x"],{"k":1}]"#)
        #expect(try setup.sent() == [#"[70,9,{},["x"],{"k":1}]"#])
        let session = try setup.session()
        let request = try #require(RequestID(10))
        #expect(session.fail(request, uri: self.procedure, payload: self.arguments("[\"no\"]")) == .sent)
        #expect(try setup.sent() == [#"[8,68,10,{},"com.procedure",["no"]]"#])
        try setup.receive(#"[69,9,{"mode":"kill"}]"#)
        #expect(setup.user.interrupts.first?.mode == .kill)
    }

    @Test func resultsThatAreTooLarge() throws {
        let setup = try Setup("rs://h:1")
        _ = try setup.sent()
        try setup.receive(#"[2,1,{"roles":{}}]"#)
        let session = try setup.session()
        let big = ByteBuffer(string: "[\"" + String(repeating: "x", count: 1 << 24) + "\"]")
        let request = try #require(RequestID(1))
        guard case .tooLarge(_, let limit) = session.yield(request, payload: Payload(arguments: big)) else {
            Issue.record("it was sent")
            return
        }
        #expect(limit == (1 << 24) - 1)
        #expect(try setup.sent().isEmpty)
        var failure: RequestError?
        session.publish(self.topic, payload: Payload(arguments: big), acknowledged: { failure = $0.failure })
        #expect(failure?.code == .tooLarge)
        // No id was taken.
        #expect(session.publish(self.topic, payload: .empty) == nil)
        #expect(try setup.sent() == [#"[16,1,{},"com.topic"]"#])
    }

    @Test func requestsAndTheirAnswers() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        var log: [String] = []
        session.register(self.procedure) { log.append("registered \($0.success?.rawValue ?? 0)") }
        session.subscribe(self.topic) { log.append("subscribed \($0.success?.rawValue ?? 0)") }
        session.publish(
            self.topic, payload: .empty, acknowledged: { log.append("published \($0.success?.rawValue ?? 0)") })
        session.call(self.procedure, payload: self.arguments("[1]"), timeout: .seconds(1)) {
            log.append("result \($0.success?.payload.arguments.map { String(buffer: $0) } ?? "-")")
        }
        session.register(self.procedure) { log.append("error \($0.failure?.uri ?? "-")") }
        #expect(
            try setup.sent() == [
                #"[64,1,{},"com.procedure"]"#, #"[32,2,{},"com.topic"]"#, #"[16,3,{"acknowledge":true},"com.topic"]"#,
                #"[48,4,{},"com.procedure",[1]]"#, #"[64,5,{},"com.procedure"]"#,
            ])
        try setup.receive("[50,4,{},[2]]")
        try setup.receive("[33,2,22]")
        try setup.receive("[65,1,11]")
        try setup.receive("[17,3,33]")
        try setup.receive(#"[8,64,5,{},"wamp.error.procedure_already_exists"]"#)
        #expect(
            log == [
                "result [2]", "subscribed 22", "registered 11", "published 33",
                "error wamp.error.procedure_already_exists",
            ])
        try setup.receive(#"[36,22,5,{},["e"]]"#)
        #expect(setup.user.events.count == 1)
        try setup.receive(#"[67,0,{"registration":11,"reason":"wamp.error.unregistered"}]"#)
        #expect(setup.user.revoked == ["registration 11 wamp.error.unregistered"])
    }

    @Test func subscriptionsAreCounted() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        let id = try #require(SubscriptionID(22))
        session.subscribe(self.topic) { _ in }
        session.subscribe(self.topic) { _ in }
        try setup.receive("[33,1,22]")
        try setup.receive("[33,2,22]")
        _ = try setup.sent()
        var done = 0
        session.unsubscribe(id) { if case .success = $0 { done += 1 } }
        #expect(done == 1)
        #expect(try setup.sent().isEmpty)
        session.unsubscribe(id) { if case .success = $0 { done += 1 } }
        #expect(try setup.sent() == ["[34,3,22]"])
        try setup.receive("[35,3]")
        #expect(done == 2)
        var failure: RequestError?
        session.unsubscribe(id) { failure = $0.failure }
        #expect(failure?.code == .notHeld)
    }

    @Test func callsEndByOurOwnClock() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        var outcomes: [RequestError.Code?] = []
        for seconds in [3, 1, 2] {
            session.call(self.procedure, payload: .empty, timeout: .seconds(Int64(seconds))) {
                outcomes.append($0.failure?.code)
            }
        }
        _ = try setup.sent()
        setup.pass(.milliseconds(999))
        #expect(outcomes.isEmpty)
        setup.pass(.milliseconds(1))
        #expect(outcomes == [.timeout])
        #expect(try setup.sent() == [#"[49,2,{"mode":"killnowait"}]"#])
        try setup.receive("[50,2,{},[1]]")
        try setup.receive("[50,3,{},[1]]")
        #expect(outcomes == [.timeout, nil])
        setup.pass(.seconds(2))
        #expect(outcomes == [.timeout, nil, .timeout])
    }

    @Test func cancelIsReportedImmediately() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        var outcomes: [RequestError.Code?] = []
        let call = try #require(
            session.call(self.procedure, payload: .empty, timeout: .seconds(9)) { outcomes.append($0.failure?.code) })
        _ = try setup.sent()
        session.cancel(call)
        session.cancel(call)
        #expect(outcomes == [.canceled])
        #expect(try setup.sent() == [#"[49,1,{"mode":"killnowait"}]"#])
        setup.pass(.seconds(3))
        #expect(outcomes == [.canceled])
    }

    /// A registration whose answer arrives after we gave up is given back: nobody would answer its calls.
    @Test func lateRegistrationIsGivenBack() throws {
        let setup = try Setup.joined { $0.requestTimeout = .seconds(1) }
        var failure: RequestError?
        try setup.session().register(self.procedure) { failure = $0.failure }
        _ = try setup.sent()
        setup.pass(.seconds(1))
        #expect(failure?.code == .timeout)
        #expect(try setup.sent() == [#"[64,2,{},"com.procedure"]"#, #"[64,3,{},"com.procedure"]"#])
        try setup.receive("[65,1,11]")
        #expect(try setup.sent() == ["[66,4,11]"])
    }

    @Test func pendingRequestsFailInOrderBeforeTheEnd() throws {
        let setup = try Setup.joined()
        let session = try setup.session()
        for number in 1...5 {
            session.call(self.procedure, payload: .empty, timeout: .seconds(60)) {
                setup.user.log.append("\(number) \($0.failure?.code == .sessionClosed)")
            }
        }
        try setup.channel.close().wait()
        #expect(setup.user.log == ["1 true", "2 true", "3 true", "4 true", "5 true", "ended"])
        #expect(setup.user.fault?.code == .closed)
        let request = try #require(RequestID(1))
        #expect(session.yield(request, payload: .empty) == .sessionClosed)
        #expect(session.publish(self.topic, payload: .empty)?.code == .sessionClosed)
        #expect(!session.isOpen)
        var failure: RequestError?
        session.register(self.procedure) { failure = $0.failure }
        #expect(failure?.code == .sessionClosed)
    }

    // MARK: - Heartbeat

    @Test func rawSocketAsksByACall() throws {
        let setup = try Setup.joined()
        setup.pass(.seconds(5))
        #expect(try setup.sent() == [#"[48,1,{},"wamp.session.count"]"#])
        try setup.receive(#"[8,48,1,{},"wamp.error.not_authorized"]"#)
        setup.pass(.milliseconds(4999))
        #expect(try setup.sent().isEmpty)
        setup.pass(.milliseconds(1))
        #expect(try setup.sent() == [#"[48,2,{},"wamp.session.count"]"#])
        setup.pass(.seconds(5))
        #expect(setup.user.fault?.code == .silent)
        #expect(setup.user.endings == 1)
    }

    @Test func rawSocketPingIfAllowed() throws {
        let setup = try Setup.joined { $0.ping = true }
        setup.pass(.seconds(5))
        #expect(try setup.frames().map(\.kind) == [1])
        try setup.channel.writeInbound(RouterEnd.rawSocket("", kind: 2))
        setup.pass(.seconds(6))
        #expect(setup.user.fault == nil)
    }

    @Test func anyOctetKeepsItAlive() throws {
        let setup = try Setup.joined()
        // The beginning of a long frame, one octet every four seconds.
        for octet: UInt8 in [0, 0, 0, 9, 0x5B, 0x31] {
            setup.pass(.seconds(4))
            try setup.channel.writeInbound(ByteBuffer(bytes: [octet]))
        }
        #expect(try setup.sent().isEmpty)
        #expect(setup.user.fault == nil)
    }

    // MARK: - Ends

    @Test func leaves() throws {
        let setup = try Setup.joined()
        setup.connection.leave()
        #expect(try setup.sent() == [#"[6,{},"wamp.close.normal"]"#])
        try setup.receive(#"[68,9,5,{}]"#)
        #expect(setup.user.invocations.isEmpty)
        try setup.receive(#"[6,{},"wamp.close.goodbye_and_out"]"#)
        #expect(!setup.channel.isActive)
        #expect(setup.user.fault?.code == .stopped)
        setup.channel.embeddedEventLoop.run()
        #expect(setup.user.endings == 1)
    }

    @Test func leavesWithoutAnAnswer() throws {
        let setup = try Setup.joined()
        setup.connection.leave()
        setup.pass(.milliseconds(4999))
        #expect(setup.user.endings == 0)
        setup.pass(.milliseconds(1))
        #expect(setup.user.endings == 1)
        #expect(setup.user.fault?.code == .stopped)
    }

    @Test(arguments: [
        (
            "wamp.close.killed", ConnectionFault.Code.killed,
            "; an administrator ended this session there, so the next one begins after a pause"
        ),
        ("wamp.close.system_shutdown", .goodbye, "; it is shutting down"),
        ("wamp.close.close_realm", .goodbye, "; it has closed the realm: is router.realm still there?"),
        ("wamp.close.normal", .goodbye, ""),
        ("com.example.nobody.knows", .goodbye, "; look at the router's log for more"),
    ])
    func goodbye(_ reason: String, _ code: ConnectionFault.Code, _ advice: String) throws {
        let setup = try Setup.joined()
        try setup.receive(#"[6,{"message":"go"},"\#(reason)"]"#)
        #expect(try setup.sent() == [#"[6,{},"wamp.close.goodbye_and_out"]"#])
        #expect(setup.user.fault?.code == code)
        #expect(setup.user.fault?.description == "router rs://h:1: ended the session with \(reason) (go)\(advice)")
        #expect(!setup.channel.isActive)
    }

    @Test(arguments: [
        ("wamp.error.not_authorized", ConnectionFault.Code.credentials, "look at router.auth"),
        ("wamp.error.authentication_failed", .credentials, "look at router.auth"),
        ("wamp.error.no_such_realm", .aborted, "is router.realm right"),
    ])
    func refused(_ reason: String, _ code: ConnectionFault.Code, _ advice: String) throws {
        let setup = try Setup()
        try setup.receive(#"[3,{"message":"because"},"\#(reason)"]"#)
        let fault = try #require(setup.user.fault)
        #expect(fault.code == code)
        #expect(fault.uri == reason)
        #expect(fault.message.contains("\(reason) (because)"))
        #expect(fault.message.contains(advice))
        #expect(!setup.channel.isActive)
    }

    @Test func closedRightAfterHello() throws {
        let setup = try Setup()
        try setup.channel.close().wait()
        #expect(setup.user.fault?.message.contains("right after HELLO") == true)
        #expect(setup.user.fault?.url?.description == "rs://h:1")
    }

    @Test(arguments: ["[", "{}", "[2]", "[\"x\"]", "[99]", "[2,1,{\"roles\":{}}] x", "\u{0}", "[50,1,{}]"])
    func garbageInsteadOfWelcome(_ text: String) throws {
        let setup = try Setup()
        _ = try setup.sent()
        try setup.receive(text)
        #expect(try setup.sent().first?.hasPrefix("[3,{\"message\":") == true)
        #expect(setup.user.fault?.code == .protocolViolation)
        #expect(!setup.channel.isActive)
    }

    @Test func garbageWithinASession() throws {
        let setup = try Setup.joined()
        try setup.receive("[2,78,{}]")
        #expect(try setup.sent().first?.contains("wamp.error.protocol_violation") == true)
        #expect(setup.user.fault?.code == .protocolViolation)
    }

    @Test func silenceInsteadOfWelcome() throws {
        let setup = try Setup()
        setup.pass(.seconds(10))
        #expect(setup.user.fault?.code == .silent)
        #expect(setup.user.fault?.message.contains("did not answer HELLO") == true)
    }
}

extension Result {
    var success: Success? { try? self.get() }
    var failure: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
}
