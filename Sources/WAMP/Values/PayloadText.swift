package import NIOCore
import Names

/// A payload that is written as one text: of a NOTIFY, or a line of a command's input.
///
/// - an object with `args` or `kwargs` or both, and nothing else: the arguments themselves
/// - any other JSON: one argument
/// - any other text: one argument, a string
/// - nothing: no arguments
package struct PayloadText: Sendable {
    /// What is sent.
    package let payload: Payload
    /// Where a topic's `{key}` is looked for: the object, or the `kwargs`.
    private let object: ByteBuffer?

    /// Reads it.
    package init(_ text: ByteBuffer) throws(PayloadTextError) {
        guard text.readableBytes > 0 else {
            self.payload = .empty
            self.object = nil
            return
        }
        guard let element = try? JSON.element(text) else {
            var string = ByteBuffer(string: "[")
            JSON.write(string: String(buffer: text), into: &string)
            string.writeInteger(UInt8(ascii: "]"))
            self.payload = Payload(arguments: string)
            self.object = nil
            return
        }
        if element.kind == .object, let members = try? JSON.members(of: element.text), Self.areArguments(members) {
            (self.payload, self.object) = try Self.arguments(members)
            return
        }
        var arguments = ByteBufferAllocator().buffer(capacity: element.text.readableBytes + 2)
        arguments.writeInteger(UInt8(ascii: "["))
        arguments.writeImmutableBuffer(element.text)
        arguments.writeInteger(UInt8(ascii: "]"))
        self.payload = Payload(arguments: arguments, containsNUL: element.containsNUL)
        self.object = element.kind == .object ? element.text : nil
    }

    /// The value of a key as one component of a URI.
    package func component(_ key: String) throws(PayloadTextError) -> String {
        guard let object = self.object else { throw .noObject }
        guard let value = Details(text: object).element(key) else { throw .keyMissing(key) }
        let text: String
        switch value.kind {
        case .string: text = JSON.unescape(value)
        case .number: text = String(buffer: value.text)
        case .null, .bool, .array, .object: throw .keyNotUsable(key)
        }
        // By scalars: a dot before a combining mark is one Character with it, and a dot to the router.
        guard !text.unicodeScalars.contains("."), (try? URI(text)) != nil else { throw .keyNotUsable(key) }
        return text
    }

    private static func areArguments(_ members: [(key: String, value: JSONElement)]) -> Bool {
        !members.isEmpty && members.allSatisfy { $0.key == "args" || $0.key == "kwargs" }
    }

    private static func arguments(
        _ members: [(key: String, value: JSONElement)]
    ) throws(PayloadTextError) -> (Payload, ByteBuffer?) {
        var payload = Payload.empty
        for (key, value) in members {
            if key == "args" {
                guard value.kind == .array else { throw .argumentsNotAnArray }
                payload.arguments = value.text
            } else {
                guard value.kind == .object else { throw .keywordArgumentsNotAnObject }
                payload.keywordArguments = value.text
            }
            if value.containsNUL { payload.containsNUL = true }
        }
        return (payload, payload.keywordArguments)
    }
}
