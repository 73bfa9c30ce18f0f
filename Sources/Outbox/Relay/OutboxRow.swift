import NIOCore
import Names
import Postgres
import WAMP

/// One row of the outbox.
struct OutboxRow {
    let id: Int64
    /// The text of the topic.
    let topic: String
    /// The topic, or its fault.
    let uri: Result<URI, URIError>
    let payload: Payload
    /// The text of the options' object; nil if there are none.
    let options: String?
    /// Its approximate size in memory, in octets.
    let octets: Int
    /// How long it had waited when it was read, in nanoseconds.
    let age: Int64
    /// Why it can't be sent, with any router; nil if it can.
    let fault: OutboxFault?

    /// Takes a row of `relay_read`: id, event_id, topic, args, kwargs, options, fault, age.
    ///
    /// - Parameters:
    ///   - eventID: the name of the keyword argument for the event's uuid; nil for none.
    ///   - recent: the topic of the row before, and afterwards of this one.
    /// - Returns: nil if the row has no id: there is no event in it.
    init?(_ row: borrowing ResultRow, eventID: String?, after recent: inout RecentTopic) {
        guard row.columnCount == 8, let id = Self.number(row, 0) else { return nil }
        self.id = id
        self.age = Self.number(row, 7).map { max(0, min($0, .max / 2_000)) * 1_000 } ?? 0
        row.withText(2) { recent.take($0 ?? UnsafeRawBufferPointer(start: nil, count: 0)) }
        self.topic = recent.text
        self.uri = recent.uri
        if let fault = row.withText(6, { $0.map { OutboxFault(String(decoding: $0, as: UTF8.self)) } })
            ?? Self.fault(row)
        {
            self.options = nil
            self.payload = .empty
            self.octets = 100
            self.fault = fault
            return
        }
        let arguments = row.withText(3) { $0.map { ByteBuffer(bytes: $0) } }
        var keywordArguments = row.withText(4) { $0.map { ByteBuffer(bytes: $0) } }
        if let eventID { Self.add(eventID, Self.text(row, 1), to: &keywordArguments) }
        self.options = row.withText(5) { $0.map { String(decoding: $0, as: UTF8.self) } }
        var payload = Payload(arguments: arguments, keywordArguments: keywordArguments)
        do throws(JSONError) {
            try payload.prepareForRouter()
            self.fault = nil
        } catch {
            self.fault = .malformed("\(error)")
        }
        self.payload = payload
        self.octets = self.payload.byteCount + 100
    }

    /// Values that `publish()` would not have accepted: the row was inserted without it.
    private static func fault(_ row: borrowing ResultRow) -> OutboxFault? {
        let isArray = row.withText(3) { $0.map { $0.first == UInt8(ascii: "[") } ?? true }
        guard isArray else { return .malformed("its args are not a JSON array") }
        let isObject = row.withText(4) { $0.map { $0.first == UInt8(ascii: "{") } ?? true }
        return isObject ? nil : .malformed("its kwargs are not a JSON object")
    }

    private static func number(_ row: borrowing ResultRow, _ column: Int) -> Int64? {
        row.withText(column) { $0.flatMap { JSON.integer(of: $0) } }
    }

    private static func text(_ row: borrowing ResultRow, _ column: Int) -> String {
        row.withText(column) { $0.map { String(decoding: $0, as: UTF8.self) } ?? "" }
    }

    /// Adds a member at the end of an object's text: of two members with one name readers use the last.
    private static func add(_ name: String, _ value: String, to object: inout ByteBuffer?) {
        var text = object ?? ByteBuffer(string: "{}")
        guard let close = text.readableBytesView.lastIndex(of: UInt8(ascii: "}")) else { return }
        text.moveWriterIndex(to: close)
        let isEmpty = !text.readableBytesView.contains(UInt8(ascii: ":"))
        if !isEmpty { text.writeStaticString(", ") }
        JSON.write(string: name, into: &text)
        text.writeStaticString(": ")
        JSON.write(string: value, into: &text)
        text.writeStaticString("}")
        object = text
    }
}
