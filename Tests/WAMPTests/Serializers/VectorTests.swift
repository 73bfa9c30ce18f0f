import Cryptography
import NIOCore
import Names
import Testing

@testable import WAMP

/// The published vectors of the WAMP project, for the three serializers.
@Suite(.enabled(if: VectorFiles.folder != nil, "WAMP_VECTORS does not name the folder of the published vectors"))
struct VectorTests {
    private static let withTexts = VectorFiles.samples.filter { !$0.texts.isEmpty }
    private static let ofOptions = VectorFiles.samples.filter { $0.fields["wmsg"] != nil }

    @Test func areThere() {
        #expect(Self.withTexts.count >= 30)
        #expect(Self.ofOptions.count >= 40)
        #expect(Self.withTexts.count + Self.ofOptions.count == VectorFiles.samples.count)
        for serializer in SerializerID.allCases {
            #expect(Self.withTexts.allSatisfy { !$0.octets(serializer).isEmpty })
        }
    }

    /// Each text is a message with the shape of its kind, and the hexadecimal form is the same.
    @Test(arguments: Self.withTexts)
    func shape(sample: VectorFiles.Sample) throws {
        let code = try present(sample.fields["expected_attributes"]?["message_type"]?.integer)
        #expect(sample.texts.map { Hexadecimal.encode(Array($0.utf8)) } == sample.hexadecimalTexts)
        for text in sample.texts {
            try withEnvelope(of: text) { envelope, found, bytes in
                #expect(found == code)
                guard let kind = MessageKind(rawValue: Int(code)) else {
                    #expect(code == 337)
                    return
                }
                #expect(envelope.count <= kind.shape.most)
                try envelope.check(kind, bytes)
            }
        }
    }

    /// What routers send is decoded to what the vector expects, by each serializer.
    @Test(arguments: Self.withTexts, SerializerID.allCases)
    func decoding(sample: VectorFiles.Sample, serializer: SerializerID) throws {
        let expected = try present(sample.fields["expected_attributes"])
        let code = try present(expected["message_type"]?.integer)
        for octets in sample.octets(serializer) {
            let message = Result { try Serializer(serializer).decode(ByteBuffer(bytes: octets)) }
            guard let kind = MessageKind(rawValue: Int(code)) else {
                #expect(try message.get() == .extension(code: code))
                continue
            }
            guard kind.shape.direction != .toRouter else {
                #expect(throws: MessageError(.wrongDirection(kind))) { try message.get() }
                continue
            }
            try self.compare(try self.attributes(of: try message.get()), with: expected)
        }
    }

    /// What we send equals the vector as a value: the order of keys is ours.
    @Test(arguments: Self.withTexts, SerializerID.allCases)
    func encoding(sample: VectorFiles.Sample, serializer: SerializerID) throws {
        let expected = try present(sample.fields["expected_attributes"])
        let octets = try present(sample.octets(serializer).last)
        guard let message = try self.message(expected) else { return }
        var buffer = ByteBuffer()
        Serializer(serializer).encode(message, into: &buffer)
        let written = Array(buffer.readableBytesView)
        #expect(try self.value(of: written, serializer) == self.value(of: octets, serializer))
        if expected["options"] == .dictionary([:]), expected["kwargs"] == nil || expected["kwargs"] == .null {
            #expect(written == octets)
        }
    }

    /// A whole message as a tree: passed as an argument of another one.
    private func value(of octets: [UInt8], _ serializer: SerializerID) throws -> Value {
        if serializer == .json { return try JSON.value(of: ByteBuffer(bytes: octets)) }
        return try JSON.value(of: ByteBuffer(string: try Transcoded.text(octets, serializer)))
    }

    /// Options and details with the right and the wrong type.
    @Test(arguments: Self.ofOptions)
    func options(sample: VectorFiles.Sample) throws {
        let message = try present(sample.fields["wmsg"])
        let kind = try present(message[0]?.integer.flatMap { MessageKind(rawValue: Int($0)) })
        let index = (1..<kind.shape.most).first { kind.shape.element(at: $0) == .dictionary }
        guard case .dictionary(let options) = message[try present(index)] else {
            Issue.record("no options")
            return
        }
        if let error = sample.fields["expected_error"] {
            let thrown = #expect(throws: OptionError.self) { try kind.check(options: options) }
            #expect(thrown?.option == error["contains"]?.text)
        } else {
            #expect(throws: Never.self) { try kind.check(options: options) }
        }
    }

    /// Compares each attribute that the vector names; null stands for an absent one.
    private func compare(_ attributes: [String: Value], with expected: Value) throws {
        guard case .dictionary(let expected) = expected else {
            Issue.record("no attributes")
            return
        }
        for (name, value) in expected where name != "message_type" {
            let isEncrypted = name == "payload" && value != .null
            #expect((attributes[name] ?? .null) == (isEncrypted ? .string("opaque") : value), "\(name)")
        }
    }

    private func attributes(of message: IncomingMessage) throws -> [String: Value] {
        switch message {
        case .welcome(let welcome):
            [
                "session_id": .integer(welcome.session.rawValue), "roles": welcome.details["roles"] ?? .null,
            ]
        case .abort(let abort): ["details": .dictionary(abort.details.dictionary), "reason": .string(abort.reason)]
        case .challenge(let challenge):
            ["method": .string(challenge.method), "extra": .dictionary(challenge.extra.dictionary)]
        case .goodbye(let goodbye):
            ["details": .dictionary(goodbye.details.dictionary), "reason": .string(goodbye.reason)]
        case .error(let error):
            [
                "request_type": .integer(Int64(error.requestKind.rawValue)),
                "request_id": .integer(error.request.rawValue), "details": .dictionary(error.details.dictionary),
                "error": .string(error.uri),
            ]
        case .published(let published):
            [
                "request_id": .integer(published.request.rawValue),
                "publication_id": .integer(published.publication.rawValue),
            ]
        case .subscribed(let subscribed):
            [
                "request_id": .integer(subscribed.request.rawValue),
                "subscription_id": .integer(subscribed.subscription.rawValue),
            ]
        case .registered(let registered):
            [
                "request_id": .integer(registered.request.rawValue),
                "registration_id": .integer(registered.registration.rawValue),
            ]
        case .unsubscribed(.answer(let request)), .unregistered(.answer(let request)):
            ["request_id": .integer(request.rawValue)]
        case .unsubscribed(.revoked), .unregistered(.revoked), .extension, .strayError: [:]
        case .event(let event):
            try self.payloadAttributes(event.payload).merging([
                "subscription": .integer(event.subscription.rawValue),
                "publication": .integer(event.publication.rawValue), "details": .dictionary(event.details.dictionary),
            ]) { $1 }
        case .result(let result):
            try self.payloadAttributes(result.payload).merging([
                "request_id": .integer(result.request.rawValue), "details": .dictionary(result.details.dictionary),
            ]) { $1 }
        case .invocation(let invocation):
            try self.payloadAttributes(invocation.payload).merging([
                "request_id": .integer(invocation.request.rawValue),
                "registration_id": .integer(invocation.registration.rawValue),
                "details": .dictionary(invocation.details.dictionary),
            ]) { $1 }
        case .interrupt(let interrupt):
            [
                "request_id": .integer(interrupt.request.rawValue),
                "options": .dictionary(interrupt.details.dictionary),
            ]
        }
    }

    /// An encrypted payload is recognized as such, and its octets are not kept.
    private func payloadAttributes(_ payload: Payload) throws -> [String: Value] {
        var attributes: [String: Value] = [:]
        if let arguments = payload.arguments { attributes["args"] = try JSON.value(of: arguments) }
        if let keywordArguments = payload.keywordArguments {
            attributes["kwargs"] = try JSON.value(of: keywordArguments)
        }
        if payload.fault == .opaque { attributes["payload"] = .string("opaque") }
        return attributes
    }

    /// The message that a vector's attributes describe; nil if we don't send it.
    private func message(_ expected: Value) throws -> OutgoingMessage? {
        guard let kind = expected["message_type"]?.integer.flatMap({ MessageKind(rawValue: Int($0)) }) else {
            return nil
        }
        // We never send encrypted payloads.
        if let payload = expected["payload"], payload != .null { return nil }
        func request() throws -> RequestID { try present(expected["request_id"]?.integer.flatMap { RequestID($0) }) }
        func uri(_ name: String) throws -> URI { try URI(try present(expected[name]?.text)) }
        func text(_ name: String) -> ByteBuffer? {
            guard let value = expected[name], value != .null else { return nil }
            return ByteBuffer(string: JSON.text(of: value))
        }
        let payload = Payload(arguments: text("args"), keywordArguments: text("kwargs"))
        switch kind {
        case .abort: return .abort(Abort(details: .empty, reason: try present(expected["reason"]?.text)))
        case .goodbye: return .goodbye(Goodbye(reason: try uri("reason")))
        case .authenticate: return .authenticate(Authenticate(signature: try present(expected["signature"]?.text)))
        case .publish:
            guard case .dictionary(let options) = expected["options"] else { return nil }
            return .publish(
                Publish(
                    request: try request(), options: try PublishOptions(options), topic: try uri("topic"),
                    payload: payload))
        case .subscribe:
            return .subscribe(
                Subscribe(request: try request(), options: SubscribeOptions(), topic: try uri("topic")))
        case .unsubscribe:
            let subscription = try present(expected["subscription_id"]?.integer.flatMap { SubscriptionID($0) })
            return .unsubscribe(Unsubscribe(request: try request(), subscription: subscription))
        case .register:
            return .register(
                Register(request: try request(), options: RegisterOptions(), procedure: try uri("procedure")))
        case .unregister:
            let registration = try present(expected["registration_id"]?.integer.flatMap { RegistrationID($0) })
            return .unregister(Unregister(request: try request(), registration: registration))
        case .call:
            return .call(
                Call(
                    request: try request(), options: CallOptions(), procedure: try uri("procedure"), payload: payload))
        case .yield: return .yield(Yield(request: try request(), payload: payload))
        case .hello, .cancel, .error, .welcome, .challenge, .published, .subscribed, .unsubscribed, .event, .result,
            .registered, .unregistered, .invocation, .interrupt:
            return nil
        }
    }
}
