import NIOCore
import Names
import WAMP
import WAMPClient

/// The output of the commands: one JSON object a line, always with `args` and `kwargs`. The payload's text is copied,
/// never parsed into a tree.
enum ClientLine {
    /// A call's result, or a part of it, which has `"progress":true`.
    static func result(_ result: CallResult) -> ByteBuffer {
        var line = ByteBuffer(string: result.isProgress ? "{\"progress\":true," : "{")
        self.end(&line, with: result.payload)
        return line
    }

    /// An event: `topic`, `publication`, and, if the router discloses them, `publisher`, `publisher_authid`,
    /// `publisher_authrole`, `retained`.
    ///
    /// - Parameter topic: the subscribed topic or pattern.
    static func event(_ event: Event, topic: String) -> ByteBuffer {
        let facts = EventFacts(event.details)
        var line = EventDetails.make(facts, publication: event.publication, topic: topic).details.text
        line.moveWriterIndex(to: line.writerIndex - 1)
        line.writeStaticString(",")
        self.end(&line, with: event.payload)
        return line
    }

    /// An event that the router has accepted.
    static func publication(_ publication: PublicationID) -> ByteBuffer {
        ByteBuffer(string: "{\"publication\":\(publication)}\n")
    }

    /// An error for programs: `error` is its URI. An error that no peer made has a sentence as its only argument.
    static func error(_ error: RequestError) -> ByteBuffer {
        var line = ByteBuffer(string: "{\"error\":")
        JSON.write(string: error.uri, into: &line)
        line.writeStaticString(",")
        var payload = error.payload
        if error.code != .refused {
            var arguments = ByteBuffer(string: "[")
            JSON.write(string: error.message, into: &arguments)
            arguments.writeStaticString("]")
            payload = Payload(arguments: arguments)
        }
        self.end(&line, with: payload)
        return line
    }

    /// An error for people: the URI, and its arguments.
    static func text(_ error: RequestError) -> String {
        guard error.code == .refused else { return "\(error.uri): \(error.message)" }
        // A foreign text that is not a URI could control the terminal; the message contains it without such characters.
        guard (try? URI(error.uri)) != nil else { return error.message }
        guard error.payload.byteCount > 0 else { return error.uri }
        var payload = ByteBuffer(string: "\(error.uri) {")
        self.end(&payload, with: error.payload)
        return String(String(buffer: payload).dropLast())
    }

    private static func end(_ line: inout ByteBuffer, with payload: Payload) {
        line.writeStaticString("\"args\":")
        self.write(payload.arguments, or: "[]", into: &line)
        line.writeStaticString(",\"kwargs\":")
        self.write(payload.keywordArguments, or: "{}", into: &line)
        line.writeStaticString("}\n")
    }

    /// Line breaks may occur between the values of JSON, never in its strings.
    private static func write(_ json: ByteBuffer?, or nothing: StaticString, into line: inout ByteBuffer) {
        guard let json else {
            line.writeStaticString(nothing)
            return
        }
        let bytes = json.readableBytesView
        guard bytes.contains(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) else {
            line.writeImmutableBuffer(json)
            return
        }
        line.writeBytes(
            bytes.lazy.map { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") ? UInt8(ascii: " ") : $0 })
    }
}
