import Cryptography
import NIOCore
import Names
import Testing

@testable import WAMP

/// Encodes a message, for tests.
func encode(_ message: OutgoingMessage) -> String {
    var buffer = ByteBuffer()
    Serializer(.json).encode(message, into: &buffer)
    return String(buffer: buffer)
}

@Suite struct EncodingTests {
    private func payload(_ arguments: String?, _ keywordArguments: String? = nil) -> Payload {
        Payload(
            arguments: arguments.map { ByteBuffer(string: $0) },
            keywordArguments: keywordArguments.map { ByteBuffer(string: $0) })
    }

    @Test func yield() {
        #expect(encode(.yield(Yield(request: id(5)))) == "[70,5,{}]")
        #expect(encode(.yield(Yield(request: id(5), payload: self.payload("[1]")))) == "[70,5,{},[1]]")
        #expect(
            encode(.yield(Yield(request: id(9_007_199_254_740_992), isProgress: true, payload: self.payload("[1]"))))
                == #"[70,9007199254740992,{"progress":true},[1]]"#)
    }

    @Test func emptyPayloadsAreLeftOut() {
        func encoded(_ arguments: String?, _ keywordArguments: String?) -> String {
            encode(.yield(Yield(request: id(1), payload: self.payload(arguments, keywordArguments))))
        }
        #expect(encoded(nil, nil) == "[70,1,{}]")
        #expect(encoded("[]", nil) == "[70,1,{}]")
        #expect(encoded("[]", "{}") == "[70,1,{}]")
        #expect(encoded("[1]", "{}") == "[70,1,{},[1]]")
        #expect(encoded(nil, #"{"a":1}"#) == #"[70,1,{},[],{"a":1}]"#)
        #expect(encoded("[]", #"{"a":1}"#) == #"[70,1,{},[],{"a":1}]"#)
        #expect(encoded("[1]", #"{"a":1}"#) == #"[70,1,{},[1],{"a":1}]"#)
    }

    @Test func eachKind() throws {
        let uri = try URI("com.example.ä")
        #expect(
            encode(.error(InvocationError(request: id(2), uri: WAMPError.timeout, payload: self.payload("[\"x\"]"))))
                == #"[8,68,2,{},"wamp.error.timeout",["x"]]"#)
        #expect(
            encode(.publish(Publish(request: id(3), options: .none, topic: uri, payload: self.payload("[1]"))))
                == #"[16,3,{},"com.example.ä",[1]]"#)
        #expect(
            encode(
                .publish(
                    Publish(request: id(3), options: PublishOptions(acknowledge: true, excludeMe: false), topic: uri)))
                == #"[16,3,{"acknowledge":true,"exclude_me":false},"com.example.ä"]"#)
        #expect(
            encode(.subscribe(Subscribe(request: id(4), options: SubscribeOptions(match: .prefix), topic: uri)))
                == #"[32,4,{"match":"prefix"},"com.example.ä"]"#)
        #expect(encode(.unsubscribe(Unsubscribe(request: id(5), subscription: id(6)))) == "[34,5,6]")
        #expect(
            encode(
                .register(
                    Register(
                        request: id(7),
                        options: RegisterOptions(
                            match: .wildcard, invoke: .roundrobin, discloseCaller: true, forceReregister: true,
                            concurrency: 3),
                        procedure: uri)))
                == #"[64,7,{"concurrency":3,"disclose_caller":true,"force_reregister":true,"#
                + #""invoke":"roundrobin","match":"wildcard"},"com.example.ä"]"#)
        #expect(
            encode(.register(Register(request: id(7), options: RegisterOptions(), procedure: uri)))
                == #"[64,7,{},"com.example.ä"]"#)
        #expect(encode(.unregister(Unregister(request: id(8), registration: id(9)))) == "[66,8,9]")
        #expect(
            encode(
                .call(
                    Call(
                        request: id(10), options: CallOptions(timeout: 300, receiveProgress: true, discloseMe: true),
                        procedure: uri, payload: self.payload(nil, #"{"a":1}"#))))
                == #"[48,10,{"disclose_me":true,"receive_progress":true,"timeout":300},"com.example.ä",[],{"a":1}]"#)
        #expect(encode(.cancel(Cancel(request: id(11), mode: .killnowait))) == #"[49,11,{"mode":"killnowait"}]"#)
        #expect(encode(.authenticate(Authenticate(signature: "se\"cret"))) == #"[5,"se\"cret",{}]"#)
        #expect(
            encode(.goodbye(Goodbye(reason: CloseReason.systemShutdown))) == #"[6,{},"wamp.close.system_shutdown"]"#)
        #expect(
            encode(.abort(.protocolViolation("a \"b\"")))
                == #"[3,{"message":"a \"b\""},"wamp.error.protocol_violation"]"#)
    }

    @Test func hello() throws {
        let hello = try Authentication.ticket(authid: "joe", ticket: SecretBytes("secret")).hello(
            agent: "wamp-sidecar/0")
        guard case .list(let elements) = try JSON.value(of: ByteBuffer(string: encode(.hello(hello)))),
            elements.count == 3, case .dictionary(let details) = elements[2],
            case .dictionary(let roles) = details["roles"]
        else {
            Issue.record("not a HELLO")
            return
        }
        #expect(elements[0] == .integer(1))
        #expect(elements[1] == "realm1")
        #expect(details["authmethods"] == .list(["ticket"]))
        #expect(details["authid"] == "joe")
        #expect(details["agent"] == "wamp-sidecar/0")
        #expect(!encode(.hello(hello)).contains("secret"))
        #expect(Set(roles.keys) == ["publisher", "subscriber", "caller", "callee"])
        #expect(
            roles["caller"]
                == .dictionary([
                    "features": .dictionary([
                        "caller_identification": .bool(true), "call_canceling": .bool(true),
                        "call_timeout": .bool(true),
                        "progressive_call_results": .bool(true),
                    ])
                ]))
    }

    /// Every message that we send has the shape of the table.
    @Test func whatIsSentHasItsShape() throws {
        let uri = try URI("a.b")
        let payload = self.payload("[1]", #"{"a":1}"#)
        let messages: [OutgoingMessage] = [
            .hello(try Authentication.anonymous(authid: nil).hello()),
            .abort(.protocolViolation("x")), .authenticate(Authenticate(signature: "x")),
            .goodbye(Goodbye(reason: CloseReason.normal)),
            .error(InvocationError(request: id(1), uri: uri, payload: payload)),
            .publish(Publish(request: id(1), options: .none, topic: uri, payload: payload)),
            .subscribe(Subscribe(request: id(1), options: SubscribeOptions(), topic: uri)),
            .unsubscribe(Unsubscribe(request: id(1), subscription: id(1))),
            .call(Call(request: id(1), options: CallOptions(), procedure: uri, payload: payload)),
            .cancel(Cancel(request: id(1), mode: .skip)),
            .register(Register(request: id(1), options: RegisterOptions(), procedure: uri)),
            .unregister(Unregister(request: id(1), registration: id(1))),
            .yield(Yield(request: id(1), payload: payload)),
        ]
        for message in messages {
            try withEnvelope(of: encode(message)) { envelope, code, bytes in
                #expect(code == Int64(message.kind.rawValue))
                #expect(envelope.count <= message.kind.shape.most)
                #expect(message.kind.shape.direction != .toClient)
                try envelope.check(message.kind, bytes)
            }
        }
        #expect(Set(messages.map(\.kind)).count == messages.count)
    }

    /// The table knows the options that the typed structs make.
    @Test func typedOptionsPassTheTable() throws {
        for match in MatchPolicy.allCases {
            try MessageKind.subscribe.check(options: SubscribeOptions(match: match, getRetained: true).values)
            for invoke in InvocationPolicy.allCases {
                let options = RegisterOptions(match: match, invoke: invoke, discloseCaller: true, forceReregister: true)
                try MessageKind.register.check(options: options.values)
            }
        }
        let options = CallOptions(timeout: 1, receiveProgress: true, discloseMe: true)
        try MessageKind.call.check(options: options.values)
        try MessageKind.publish.check(
            options: PublishOptions(acknowledge: true, excludeMe: false, retain: true).values)
    }
}

/// Scans a text as a message, and passes on its envelope and code.
func withEnvelope(
    of text: String, _ body: (inout Envelope, Int64, UnsafeRawBufferPointer) throws -> Void
) throws {
    try ByteBuffer(string: text).withUnsafeReadableBytes { bytes in
        var envelope = Envelope()
        try envelope.scan(bytes, limits: .default)
        let found = envelope.code(bytes)
        let code = try #require(found)
        try body(&envelope, code, bytes)
    }
}
