internal import NIOCore
import Names

/// Writes messages in one format; the same code for all serializers. The elements of a message are those of its row in
/// the table of messages.
enum MessageEncoder<Format: MessageFormat> {
    /// Writes one message.
    static func encode(_ message: OutgoingMessage, into buffer: inout ByteBuffer) {
        switch message {
        case .yield(let yield): self.encode(yield, into: &buffer)
        case .error(let error): self.encode(error, into: &buffer)
        case .publish(let publish): self.encode(publish, into: &buffer)
        case .call(let call):
            Format.begin(.call, elements: 4 + call.payload.elements, into: &buffer)
            Format.writeNext(call.request.rawValue, into: &buffer)
            self.writeNext(call.options.values, into: &buffer)
            Format.writeNext(call.procedure.text, into: &buffer)
            self.end(with: call.payload, into: &buffer)
        case .cancel(let cancel):
            Format.begin(.cancel, elements: 3, into: &buffer)
            Format.writeNext(cancel.request.rawValue, into: &buffer)
            self.writeNext(["mode": .string(cancel.mode.rawValue)], into: &buffer)
            Format.end(&buffer)
        case .subscribe(let subscribe):
            Format.begin(.subscribe, elements: 4, into: &buffer)
            Format.writeNext(subscribe.request.rawValue, into: &buffer)
            self.writeNext(subscribe.options.values, into: &buffer)
            Format.writeNext(subscribe.topic.text, into: &buffer)
            Format.end(&buffer)
        case .unsubscribe(let unsubscribe):
            Format.begin(.unsubscribe, elements: 3, into: &buffer)
            Format.writeNext(unsubscribe.request.rawValue, into: &buffer)
            Format.writeNext(unsubscribe.subscription.rawValue, into: &buffer)
            Format.end(&buffer)
        case .register(let register):
            Format.begin(.register, elements: 4, into: &buffer)
            Format.writeNext(register.request.rawValue, into: &buffer)
            self.writeNext(register.options.values, into: &buffer)
            Format.writeNext(register.procedure.text, into: &buffer)
            Format.end(&buffer)
        case .unregister(let unregister):
            Format.begin(.unregister, elements: 3, into: &buffer)
            Format.writeNext(unregister.request.rawValue, into: &buffer)
            Format.writeNext(unregister.registration.rawValue, into: &buffer)
            Format.end(&buffer)
        case .hello(let hello):
            Format.begin(.hello, elements: 3, into: &buffer)
            Format.writeNext(hello.realm.text, into: &buffer)
            self.writeNext(hello.details, into: &buffer)
            Format.end(&buffer)
        case .authenticate(let authenticate):
            Format.begin(.authenticate, elements: 3, into: &buffer)
            Format.writeNext(authenticate.signature, into: &buffer)
            self.writeNext(authenticate.extra, into: &buffer)
            Format.end(&buffer)
        case .abort(let abort):
            Format.begin(.abort, elements: 3, into: &buffer)
            Format.writeNext(text: abort.details.text, into: &buffer)
            Format.writeNext(abort.reason, into: &buffer)
            Format.end(&buffer)
        case .goodbye(let goodbye):
            Format.begin(.goodbye, elements: 3, into: &buffer)
            Format.writeNext(text: goodbye.details.text, into: &buffer)
            Format.writeNext(goodbye.reason, into: &buffer)
            Format.end(&buffer)
        }
    }

    /// Writes a YIELD.
    static func encode(_ yield: Yield, into buffer: inout ByteBuffer) {
        Format.begin(.yield, elements: 3 + yield.payload.elements, into: &buffer)
        Format.writeNext(yield.request.rawValue, into: &buffer)
        Format.writeNext(options: yield.isProgress ? #"{"progress":true}"# : "{}", into: &buffer)
        self.end(with: yield.payload, into: &buffer)
    }

    /// Writes the ERROR that answers an invocation.
    static func encode(_ error: InvocationError, into buffer: inout ByteBuffer) {
        Format.begin(.error, elements: 5 + error.payload.elements, into: &buffer)
        Format.writeNext(Int64(MessageKind.invocation.rawValue), into: &buffer)
        Format.writeNext(error.request.rawValue, into: &buffer)
        Format.writeNext(options: "{}", into: &buffer)
        Format.writeNext(error.uri.text, into: &buffer)
        self.end(with: error.payload, into: &buffer)
    }

    /// Writes a PUBLISH.
    static func encode(_ publish: Publish, into buffer: inout ByteBuffer) {
        Format.begin(.publish, elements: 4 + publish.payload.elements, into: &buffer)
        Format.writeNext(publish.request.rawValue, into: &buffer)
        Format.writeNext(options: publish.options.text, into: &buffer)
        Format.writeNext(publish.topic.text, into: &buffer)
        self.end(with: publish.payload, into: &buffer)
    }

    private static func writeNext(_ dictionary: [String: Value], into buffer: inout ByteBuffer) {
        Format.writeNext(
            options: dictionary.isEmpty ? "{}" : JSON.text(of: .dictionary(dictionary)), into: &buffer)
    }

    /// Writes the payload if it is not empty, and the end of the message. An empty list is written only before keyword
    /// arguments.
    private static func end(with payload: Payload, into buffer: inout ByteBuffer) {
        if let arguments = payload.sentArguments {
            Format.writeNext(text: arguments, into: &buffer)
        } else if payload.sentKeywordArguments != nil {
            Format.writeNext(options: "[]", into: &buffer)
        }
        if let keywordArguments = payload.sentKeywordArguments {
            Format.writeNext(text: keywordArguments, into: &buffer)
        }
        Format.end(&buffer)
    }
}

extension Payload {
    /// The arguments, if there are any: two octets are only the brackets.
    var sentArguments: ByteBuffer? { self.arguments.flatMap { $0.readableBytes > 2 ? $0 : nil } }
    /// The keyword arguments, if there are any.
    var sentKeywordArguments: ByteBuffer? { self.keywordArguments.flatMap { $0.readableBytes > 2 ? $0 : nil } }

    /// How many elements of a message the payload takes.
    var elements: Int { self.sentKeywordArguments != nil ? 2 : self.sentArguments != nil ? 1 : 0 }
}
