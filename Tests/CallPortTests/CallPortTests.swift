import Cryptography
import NIOCore
import NIOEmbedded
import PostgresClientEnd
import Testing
import WAMP

@testable import CallPort
@testable import WAMPClient

@Suite("The port at which SQL calls out")
struct CallPortTests {
    @Test("a call: arguments as they are, the deadline, and the row")
    func call() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(
            fixture.document(#""call": "com.a", "args": [1 , "é"], "kwargs": {"b":2}, "options": {"timeout": 1500}"#))
        let request = try #require(fixture.peer.requests.first)
        #expect(request.uri == "com.a")
        #expect(request.arguments == #"[1 , "é"]"#)
        #expect(request.keywordArguments == #"{"b":2}"#)
        #expect(request.timeout == .milliseconds(1500))
        #expect(request.options == CallOptions())
        #expect(caller.take().isEmpty)
        #expect(fixture.port.waitingBackends == [4711])
        fixture.peer.answer(args: "[3]", kwargs: #"{"c":null}"#)
        #expect(caller.row() == ["result", "[3]", #"{"c":null}"#, nil, nil, nil, nil])
        #expect(fixture.port.waitingBackends.isEmpty)
    }

    @Test("without rows: what psql shows")
    func plain() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(fixture.document(#""call": "com.a""#, rows: false))
        #expect(fixture.peer.requests.first?.arguments == nil)
        #expect(fixture.peer.requests.first?.timeout == .seconds(7))
        fixture.peer.answer(args: nil)
        let messages = caller.take()
        #expect(messages.first?.columns == ["args:3802", "kwargs:3802"])
        #expect(messages.dropFirst().first?.values == [nil, nil])
        try caller.query(fixture.document(#""call": "com.a""#, rows: false))
        fixture.peer.answer(.failure(FakePeer.refused("com.e", FakePeer.payload(#"["x"]"#))))
        let error = try #require(caller.error())
        #expect(error["C"] == "WA000")
        #expect(error["M"] == "com.e")
        #expect(error["D"] == #"{"args": ["x"], "kwargs": null}"#)
    }

    @Test("an ERROR is a row")
    func wampError() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(fixture.document(#""call": "com.a""#))
        fixture.peer.answer(.failure(FakePeer.refused("com.e\0", FakePeer.payload(#"["x"]"#, #"{"k":1}"#))))
        #expect(caller.row() == ["error", #"["x"]"#, #"{"k":1}"#, "WA000", "com.e\u{FFFD}", nil, nil])
    }

    @Test("an ERROR whose arguments jsonb can't hold is passed on without them")
    func wampErrorWithNUL() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(fixture.document(#""call": "com.a""#))
        fixture.peer.answer(
            .failure(FakePeer.refused("com.e", FakePeer.payload(#"["a\u0000"]"#, nil, containsNUL: true))))
        #expect(caller.row() == ["error", nil, nil, "WA000", "com.e", nil, nil])
    }

    @Test("an event: acknowledged whatever the options say, its publication's id is the result")
    func publish() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(
            fixture.document(
                #""publish": "com.t", "args": [1], "options": {"acknowledge": false, "exclude_me": false}"#))
        #expect(
            fixture.peer.requests.first?.publishOptions == ["acknowledge": .bool(true), "exclude_me": .bool(false)])
        #expect(fixture.port.waitingBackends == [4711])
        fixture.peer.acknowledge(.success(PublicationID(checked: 42)))
        #expect(caller.row() == ["result", "[42]", nil, nil, nil, nil, nil])
        try caller.query(fixture.document(#""publish": "com.t""#))
        fixture.peer.acknowledge(.failure(FakePeer.refused("wamp.error.not_authorized")))
        let advice = "allow the sidecar's authrole to call it, at the router"
        #expect(caller.row() == ["error", nil, nil, "WA000", "wamp.error.not_authorized", nil, advice])
    }

    @Test("what can go wrong with the session, and its SQLSTATE")
    func sessionErrors() throws {
        for (error, isSent, code) in [
            (RequestError.noSession, false, "WA001"), (.sessionClosed, true, "08007"), (.timeout, true, "57014"),
            (.tooLarge(size: 2, limit: 1), false, "54000"),
        ] {
            for operation in ["call", "publish"] {
                let fixture = try PortFixture()
                let caller = try fixture.logIn()
                if !isSent { fixture.peer.refusal = error }
                try caller.query(fixture.document("\"\(operation)\": \"com.a\""))
                fixture.peer.answer(.failure(error))
                fixture.peer.acknowledge(.failure(error))
                let row = try #require(caller.row())
                #expect(row[0] == "error")
                #expect(row[3] == code)
            }
        }
        let fixture = try PortFixture(isJoined: false)
        let caller = try fixture.logIn()
        try caller.query(fixture.document(#""call": "com.a""#))
        #expect(caller.row()?[3] == "WA001")
    }

    @Test("a deadline names its time")
    func deadline() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(fixture.document(#""call": "com.a", "options": {"timeout": 300}"#))
        fixture.peer.answer(.failure(.timeout))
        #expect(caller.row()?[4] == "no answer within 300 ms; the procedure may have run")
    }

    @Test("results in progress, which nobody asked for, are not the result")
    func progress() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(fixture.document(#""call": "com.a""#))
        fixture.peer.answer(.success(FakePeer.payload("[1]")), details: Details(["progress": .bool(true)]))
        #expect(caller.take().isEmpty)
        fixture.peer.answer(args: "[2]")
        #expect(caller.row()?[1] == "[2]")
    }

    @Test("a wrong key or none: nothing is done")
    func stale() throws {
        let fixture = try PortFixture()
        let other = #"{"key": "\#(String(repeating: "cd", count: 32))", "rows": true, "call": "com.a"}"#
        let caller = try fixture.logIn()
        for document in [
            other, #"{"rows": true, "call": "com.a"}"#,
            #"{"rows": true, "publish": "com.a", "key": null}"#, #"{"rows": true, "call": "com.a", "key": ""}"#,
        ] {
            try caller.query(document)
            #expect(caller.row() == ["stale", nil, nil, nil, nil, nil, nil])
        }
        try caller.query(#"{"call": "com.a"}"#)
        #expect(caller.error()?["C"] == "28000")
        #expect(fixture.peer.requests.isEmpty)
    }

    @Test("the key comes of no password, and is not known before the database has told it")
    func unknownKey() throws {
        let fixture = try PortFixture()
        fixture.port.key = nil
        let caller = try fixture.logIn()
        let ofPassword = Hexadecimal.encode(
            try HMAC.sha256(
                Array("wamp-sidecar: key of the caller's port".utf8), key: Array(PortFixture.password.utf8)))
        for key in [PortFixture.key, ofPassword, ""] {
            try caller.query(#"{"key": "\#(key)", "rows": true, "call": "com.a"}"#)
            #expect(caller.row()?[0] == "stale")
        }
        try caller.query(try fixture.proving(backend: 1).text)
        #expect(caller.row()?[0] == "stale")
        #expect(fixture.peer.requests.isEmpty)
    }

    @Test("who proves that he knows the key gets the port's proof, and his own calls are taken on that connection")
    func proof() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        let call = try fixture.proved(#""call": "com.a""#, operation: "call", backend: 4711)
        try caller.query(call.text)
        #expect(caller.row()?[0] == "stale", "nothing was proved on this connection yet")
        let first = try fixture.proving(backend: 4711)
        try caller.query(first.text)
        #expect(caller.row() == ["proved", nil, nil, nil, nil, first.answer, nil])
        try caller.query(call.text)
        fixture.peer.answer(args: "[1]")
        #expect(caller.row() == ["result", "[1]", nil, nil, nil, call.answer, nil])
        let wrong = try fixture.proved(#""call": "com..a""#, operation: "call", backend: 4711)
        try caller.query(wrong.text)
        let row = try #require(caller.row())
        #expect(row[0] == "error" && row[3] == "22023" && row[5] == wrong.answer)
    }

    @Test("what proves it for another operation, process or connection is worth nothing")
    func foreignProofs() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(try fixture.proving(backend: 4711).text)
        #expect(caller.row()?[0] == "proved")
        for document in [
            try fixture.proved(#""call": "com.a""#, operation: "publish", backend: 4711),
            try fixture.proved(#""call": "com.a""#, operation: "call", backend: 4712),
            try fixture.proving(backend: 4712),
        ] {
            try caller.query(document.text)
            #expect(caller.row() == ["stale", nil, nil, nil, nil, nil, nil])
        }
        let call = try fixture.proved(#""call": "com.a""#, operation: "call", backend: 4711)
        try caller.query(call.text.replacing("4711", with: "4712"))
        #expect(caller.row()?[0] == "stale")
        let other = try fixture.logIn()
        try other.query(call.text)
        #expect(other.row()?[0] == "stale")
        #expect(fixture.peer.requests.isEmpty)
    }

    @Test("the state needs no key")
    func status() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(#"{"status": true}"#)
        let messages = caller.take()
        #expect(messages.first?.columns == ["version:25", "router:25"])
        #expect(messages.dropFirst().first?.values == ["0", "joined"])
    }

    @Test(
        "who asks for the state only has a password of his own, which does nothing else, and a place when there is none"
    )
    func statusUser() throws {
        let fixture = try PortFixture(sessions: 1)
        let caller = try fixture.logIn()
        let person = try fixture.connect()
        try person.logIn(password: PortFixture.statusPassword, user: "status")
        let parameters = person.take().filter { $0.type == "S" }.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(parameters.contains("session_authorization\0status\0"))
        try person.query(#"{"status": true}"#)
        #expect(person.types() == "TDCZ")
        for document in [
            fixture.document(#""call": "com.a""#, rows: false), fixture.document(#""publish": "com.a""#, rows: false),
        ] {
            try person.query(document)
            #expect(person.error()?["C"] == "42501")
        }
        try person.query(try fixture.proving(backend: 4711).text)
        #expect(person.row()?[3] == "42501")
        #expect(fixture.peer.requests.isEmpty)
        for (password, user) in [
            (PortFixture.statusPassword, "wamp"), (PortFixture.password, "status"), (PortFixture.password, "other"),
        ] {
            let stranger = try fixture.connect()
            try stranger.logIn(password: password, user: user)
            fixture.eventLoop.advanceTime(by: .seconds(8))
            #expect(stranger.error()?["C"] == "28P01")
        }
        try caller.query(#"{"status": true}"#)
        #expect(caller.types() == "TDCZ")
    }

    @Test("binary becomes \\x and digits, another NUL is an error")
    func binary() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(fixture.document(#""call": "com.a""#))
        fixture.peer.answer(args: #"["\u0000AQL/"]"#, containsNUL: true)
        #expect(caller.row() == ["result", #"["\\x0102ff"]"#, nil, nil, nil, nil, nil])
        try caller.query(fixture.document(#""call": "com.a""#))
        fixture.peer.answer(args: #"["a\u0000"]"#, containsNUL: true)
        #expect(caller.row()?[3] == "22P05")
    }

    @Test("results that can't be used")
    func faults() throws {
        for (fault, code) in [
            (PayloadFault.opaque, "0A000"), (.tooDeep, "54001"), (.loneSurrogate, "22P05"), (.notFinite, "22P02"),
        ] {
            let fixture = try PortFixture()
            let caller = try fixture.logIn()
            try caller.query(fixture.document(#""call": "com.a""#))
            fixture.peer.answer(.success(Payload(fault: fault)))
            #expect(caller.row()?[3] == code)
        }
    }

    @Test("whoever goes away gives his call up")
    func goneAway() throws {
        let fixture = try PortFixture()
        var changes: [String] = []
        fixture.port.waitingChanged = { changes.append("\($0) \($1)") }
        let caller = try fixture.logIn()
        try caller.query(fixture.document(#""call": "com.a""#))
        caller.close()
        #expect(fixture.peer.canceled.map(\.rawValue) == [1])
        #expect(changes == ["4711 true", "4711 false"])
        #expect(fixture.port.sessions == 0)
        // A publication can't be taken back, and its acknowledgement is nobody's.
        let other = try fixture.logIn()
        try other.query(fixture.document(#""publish": "com.a""#))
        other.close()
        fixture.peer.acknowledge(.success(PublicationID(checked: 1)))
        #expect(fixture.peer.canceled.count == 1)
        #expect(fixture.port.waitingBackends.isEmpty)
    }

    @Test("a second query waits for the first one's answer")
    func ahead() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        let document = fixture.document(#""call": "com.a""#)
        try caller.send(ClientEnd.query(document) + ClientEnd.query(document))
        #expect(fixture.peer.requests.count == 1)
        fixture.peer.answer(args: "[1]")
        #expect(fixture.peer.requests.count == 2)
        fixture.peer.answer(args: "[2]")
        #expect(caller.types() == "TDCZTDCZ")
    }

    @Test("too many")
    func tooMany() throws {
        let fixture = try PortFixture(sessions: 2)
        let callers = [try fixture.logIn(), try fixture.logIn()]
        let third = try fixture.connect()
        try third.logIn()
        let messages = third.take()
        #expect(messages.map(\.type) == ["R", "R", "E"])
        #expect(messages.last?.fields["C"] == "53300")
        fixture.eventLoop.advanceTime(by: .seconds(1))
        #expect(!third.isOpen)
        #expect(fixture.observed == [.tooManySessions(limit: 2)])
        callers[0].close()
        let fourth = try fixture.logIn()
        try fourth.query(#"{"status": true}"#)
        #expect(fourth.types() == "TDCZ")
    }

    @Test("who says nothing takes nobody's place, however many they are")
    func silent() throws {
        let fixture = try PortFixture(sessions: 3, unproved: 2)
        let inside = [try fixture.logIn(), try fixture.logIn()]
        for _ in 0..<20 {
            _ = try fixture.connect()
            fixture.eventLoop.advanceTime(by: .milliseconds(200))
        }
        #expect(inside.allSatisfy { $0.isOpen })
        let speaker = try fixture.connect()
        try speaker.send(ClientEnd.startup())
        let silent = try fixture.connect()
        fixture.eventLoop.advanceTime(by: .milliseconds(200))
        let caller = try fixture.logIn()
        #expect(speaker.isOpen && !silent.isOpen)
        try caller.query(#"{"status": true}"#)
        #expect(caller.types() == "TDCZ")
    }

    @Test("a wrong password is refused after a second, and counted")
    func wrongPassword() throws {
        let fixture = try PortFixture()
        let caller = try fixture.connect()
        try caller.logIn(password: "guess")
        #expect(caller.take().isEmpty)
        fixture.eventLoop.advanceTime(by: .milliseconds(999))
        #expect(caller.take().isEmpty)
        try caller.query(#"{"status": true}"#)
        fixture.eventLoop.advanceTime(by: .milliseconds(1))
        #expect(caller.error()?["C"] == "28P01")
        fixture.eventLoop.advanceTime(by: .seconds(1))
        #expect(!caller.isOpen)
        #expect(
            fixture.observed == [.authenticationFailed(user: "wamp", from: "127.0.0.1", total: 1)])
        let second = try fixture.connect()
        try second.logIn(user: "postgres")
        #expect(second.take().isEmpty)
        second.close()
        #expect(fixture.observed.last == .authenticationFailed(user: "postgres", from: "127.0.0.1", total: 2))
    }

    @Test("two seconds to say anything")
    func firstPacketTimeout() throws {
        let fixture = try PortFixture()
        let mute = try fixture.connect()
        let speaker = try fixture.connect()
        fixture.eventLoop.advanceTime(by: .milliseconds(1_999))
        #expect(mute.isOpen)
        try speaker.send([0])
        fixture.eventLoop.advanceTime(by: .milliseconds(1))
        #expect(!mute.isOpen)
        #expect(speaker.isOpen)
        fixture.eventLoop.advanceTime(by: .seconds(8))
        #expect(!speaker.isOpen)
    }

    @Test("eight seconds more to say who one is, and all the time after that")
    func authenticationTimeout() throws {
        let fixture = try PortFixture()
        let mute = try fixture.connect()
        try mute.send(ClientEnd.startup())
        let caller = try fixture.logIn()
        fixture.eventLoop.advanceTime(by: .milliseconds(7_999))
        #expect(mute.isOpen)
        fixture.eventLoop.advanceTime(by: .milliseconds(1))
        #expect(!mute.isOpen)
        fixture.eventLoop.advanceTime(by: .hours(24))
        #expect(caller.isOpen)
    }

    @Test("a client that does not speak the protocol gets an error, which is reported")
    func violation() throws {
        let fixture = try PortFixture()
        let caller = try fixture.connect()
        try caller.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(caller.error()?["C"] == "08P01")
        fixture.eventLoop.advanceTime(by: .seconds(1))
        #expect(!caller.isOpen)
        #expect(
            fixture.observed == [.refused(from: "127.0.0.1", reason: "invalid length of startup packet")])
    }

    @Test("a caller who reads nothing gets nothing done, and then nothing at all")
    func notReading() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        caller.channel.isWritable = false
        try caller.query(#"{"status": true}"#)
        #expect(caller.take().isEmpty)
        caller.channel.isWritable = true
        caller.channel.pipeline.fireChannelWritabilityChanged()
        #expect(caller.types() == "TDCZ")
        caller.channel.isWritable = false
        try caller.send([UInt8](repeating: 0, count: 18 << 20))
        #expect(!caller.isOpen)
    }

    /// A client that takes nothing: what is written to it stays on its way.
    private final class NotTaking: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        private var promises: [EventLoopPromise<Void>?] = []

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            self.promises.append(promise)
        }

        func flush(context: ChannelHandlerContext) {}

        func take() {
            self.promises.forEach { $0?.succeed() }
            self.promises.removeAll()
        }
    }

    @Test("long answers that nobody reads have so much room, and the others are refused; short ones always have some")
    func unreadAnswers() throws {
        let fixture = try PortFixture()
        let long = "[\"" + String(repeating: "x", count: 40 << 20) + "\"]"
        let (slow, other) = (try fixture.logIn(), try fixture.logIn())
        let held = NotTaking()
        try slow.channel.pipeline.syncOperations.addHandler(held, position: .first)
        for caller in [slow, other, other] { try caller.query(fixture.document(#""call": "com.a""#)) }
        fixture.peer.answer(args: long)
        fixture.peer.answer(args: long)
        let told = try #require(other.row())
        #expect(told[0] == "error" && told[3] == "53200" && told[4]?.contains("the procedure has run") == true)
        fixture.peer.answer(args: "[1]")
        #expect(other.row()?[1] == "[1]")
        held.take()
        try other.query(fixture.document(#""call": "com.a""#))
        fixture.peer.answer(args: long)
        #expect(other.row()?[1] == long)
    }

    @Test("stopping: the idle go without a word, who waits gets the answer first")
    func drain() throws {
        let fixture = try PortFixture()
        let idle = try fixture.logIn()
        let busy = try fixture.logIn()
        try busy.query(fixture.document(#""call": "com.a""#))
        var isDrained = false
        fixture.port.drain { isDrained = true }
        #expect(!idle.isOpen)
        #expect(idle.take().isEmpty)
        #expect(busy.isOpen)
        #expect(!isDrained)
        fixture.peer.answer(args: "[1]")
        #expect(busy.row()?[1] == "[1]")
        #expect(!busy.isOpen)
        #expect(isDrained)
    }

    @Test("stopped: calls that run are given up")
    func stop() throws {
        let fixture = try PortFixture()
        let caller = try fixture.logIn()
        try caller.query(fixture.document(#""call": "com.a""#))
        fixture.port.stop()
        #expect(!caller.isOpen)
        #expect(fixture.peer.canceled.count == 1)
        #expect(fixture.port.sessions == 0)
    }

    @Test("five hundred at once")
    func many() throws {
        let fixture = try PortFixture()
        let callers = try (0..<500).map { _ in try fixture.logIn() }
        for caller in callers { try caller.query(fixture.document(#""call": "com.a""#)) }
        #expect(fixture.peer.requests.count == 500)
        #expect(fixture.port.waitingBackends == [4711])
        for _ in callers { fixture.peer.answer(args: "[1]") }
        #expect(callers.allSatisfy { $0.types() == "TDCZ" })
        #expect(fixture.port.waitingBackends.isEmpty)
    }
}
