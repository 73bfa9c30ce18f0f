import NIOCore
import PostgresWire
import WAMP

/// What a query at the port says: one JSON object that names an operation. Arguments stay bytes.
struct CallPortDocument: Equatable {
    /// What is to be done.
    enum Operation: Equatable {
        case call(String)
        case publish(String)
        case status
        /// Nothing but that both sides prove that they know the key, which a connection begins with.
        case prove

        /// As the document names it.
        var name: String {
            switch self {
            case .call: "call"
            case .publish: "publish"
            case .status: "status"
            case .prove: "prove"
            }
        }
    }

    let operation: Operation
    /// What only the interface's owner can read.
    private(set) var key: String?
    /// What proves that the key is known, without it.
    private(set) var claim: CallPortKey.Claim?
    /// The backend that waits for the answer.
    private(set) var backend: Int32?
    /// Whether errors come as rows too.
    private(set) var wantsRows = false
    private(set) var payload = Payload.empty
    private(set) var options: [String: Value] = [:]

    /// Reads a query.
    ///
    /// - Throws: 42601, with what is allowed.
    init(_ text: ByteBuffer) throws(WireError) {
        let members: [(key: String, value: JSONElement)]
        do {
            members = try JSON.members(of: Self.withoutTerminator(text), first: Self.mostMembers)
        } catch {
            throw Self.syntaxError("the query is not a JSON object: \(error)")
        }
        var operation: Operation?
        var names: Set<String> = []
        for (name, value) in members {
            guard names.insert(name).inserted else { throw Self.syntaxError("\(Self.quoted(name)) is given twice") }
            guard let named = try Self.operation(name, value) else { continue }
            guard operation == nil else { throw Self.syntaxError("there is more than one operation") }
            operation = named
        }
        guard let operation else { throw Self.syntaxError("no operation is named") }
        self.operation = operation
        for (name, value) in members where try Self.operation(name, value) == nil {
            try self.take(name, value)
        }
        let nonce = try Self.text("nonce", in: members)
        let code = try Self.text("mac", in: members)
        switch (nonce, code) {
        case (nil, nil): break
        case (.some(let nonce), .some(let code)): self.claim = CallPortKey.Claim(nonce: nonce, code: code)
        case (.some, nil), (nil, .some): throw Self.syntaxError("\"nonce\" and \"mac\" go together")
        }
    }

    private static func text(_ name: String, in members: [(key: String, value: JSONElement)]) throws(WireError)
        -> String?
    {
        guard let value = members.first(where: { $0.key == name })?.value, value.kind != .null else { return nil }
        guard value.kind == .string else { throw Self.syntaxError("\"\(name)\" must be a string") }
        return JSON.unescape(value)
    }

    /// More than a document can have: among so many is one that is unknown, or there twice.
    private static let mostMembers = 16

    /// psql sends the semicolon that ends what people type.
    private static func withoutTerminator(_ text: ByteBuffer) -> ByteBuffer {
        let end = text.readableBytesView.lastIndex {
            $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09
        }
        return end.flatMap { text.getSlice(at: text.readerIndex, length: $0 + 1 - text.readerIndex) } ?? text
    }

    private static func operation(_ name: String, _ value: JSONElement) throws(WireError) -> Operation? {
        switch name {
        case "call", "publish":
            guard value.kind == .string else { throw Self.syntaxError("\"\(name)\" must be a string, a URI") }
            return name == "call" ? .call(JSON.unescape(value)) : .publish(JSON.unescape(value))
        case "status", "prove":
            guard Self.bool(value) == true else { throw Self.syntaxError("\"\(name)\" must be true") }
            return name == "status" ? .status : .prove
        default:
            return nil
        }
    }

    private mutating func take(_ name: String, _ value: JSONElement) throws(WireError) {
        guard self.operation != .status else {
            throw Self.syntaxError("with \"status\" there can be nothing else")
        }
        let isKnown = ["key", "nonce", "mac", "pid", "rows", "args", "kwargs", "options"].contains(name)
        guard isKnown else { throw Self.syntaxError("unknown key \(Self.quoted(name))") }
        guard value.kind != .null else { return }
        switch name {
        case "key":
            guard value.kind == .string else { throw Self.syntaxError("\"key\" must be a string") }
            self.key = JSON.unescape(value)
        case "nonce", "mac":
            break
        case "pid":
            guard let pid = JSON.integer(of: value).flatMap({ Int32(exactly: $0) }), pid > 0 else {
                throw Self.syntaxError("\"pid\" must be the id of a process")
            }
            self.backend = pid
        case "rows":
            guard let wantsRows = Self.bool(value) else { throw Self.syntaxError("\"rows\" must be true or false") }
            self.wantsRows = wantsRows
        case "args":
            guard value.kind == .array else { throw Self.syntaxError("\"args\" must be an array") }
            self.payload.arguments = value.text
            self.payload.containsNUL = self.payload.containsNUL || value.containsNUL
        case "kwargs":
            guard value.kind == .object else { throw Self.syntaxError("\"kwargs\" must be an object") }
            self.payload.keywordArguments = value.text
            self.payload.containsNUL = self.payload.containsNUL || value.containsNUL
        default:
            guard case .dictionary(let options)? = try? JSON.value(of: value) else {
                throw Self.syntaxError("\"options\" must be an object")
            }
            self.options = options
        }
    }

    private static func bool(_ value: JSONElement) -> Bool? {
        guard value.kind == .bool else { return nil }
        return value.text.readableBytesView.first == UInt8(ascii: "t")
    }

    /// A name as it is shown to whoever wrote it.
    private static func quoted(_ name: String) -> String {
        "\"\(name.prefix(64))\""
    }

    private static func syntaxError(_ fault: String) -> WireError {
        WireError(
            "42601", "syntax error: \(fault)",
            detail: "This is wamp-sidecar, which runs no SQL: a query is one JSON object.",
            hint: #"{"call": "com.example.procedure", "args": [..], "kwargs": {..}, "options": {..}, "key": ".."}, "#
                + #"the same with "publish" and a topic, or {"status": true}; the rest is for wamp.call()."#)
    }
}
