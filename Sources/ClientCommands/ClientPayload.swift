import NIOCore
import WAMP

/// The arguments of a call or event, as typed.
///
/// A word that is JSON is that value; any other word is a string. A word that begins like a list, an object or a string
/// of JSON (`[`, `{`, `"`) must be JSON: a forgotten bracket must not become a string. So `5` is a number, `"5"` with
/// its quotes (in a shell `'"5"'`) is a string, and `apple` is a string too. `name=value` is a keyword argument with
/// such a value; a string of that form is written as JSON.
struct ClientPayload: Sendable {
    /// The resulting payload.
    let payload: Payload

    /// - Parameters:
    ///   - words: the positional arguments, and keyword arguments among them.
    ///   - keywords: the text of a JSON object with further keyword arguments; nil for none.
    init(_ words: [String], keywords: String?) throws(ClientUsageError) {
        var payload = Payload.empty
        var arguments: [ByteBuffer] = []
        var named = KeywordArguments()
        for (index, word) in words.enumerated() {
            let value: Typed
            if let (name, text) = KeywordArguments.split(word) {
                value = try Self.value(text, "argument '\(name)'")
                try named.add(name, value.text)
            } else {
                value = try Self.value(word, "argument \(index + 1)")
                arguments.append(value.text)
            }
            if value.containsNUL { payload.containsNUL = true }
        }
        if !arguments.isEmpty {
            var list = ByteBuffer(string: "[")
            for (index, argument) in arguments.enumerated() {
                if index > 0 { list.writeInteger(UInt8(ascii: ",")) }
                list.writeImmutableBuffer(argument)
            }
            list.writeInteger(UInt8(ascii: "]"))
            payload.arguments = list
        }
        if let keywords {
            let members: [(key: String, value: JSONElement)]
            do {
                let object = try JSON.element(ByteBuffer(string: keywords))
                guard object.kind == .object else { throw JSONError(.wrongKind, at: 0) }
                if object.containsNUL { payload.containsNUL = true }
                payload.keywordArguments = object.text
                members = named.isEmpty ? [] : try JSON.members(of: object.text)
            } catch {
                throw ClientUsageError("--kwargs is not a JSON object (\(error)); write e.g. --kwargs '{\"count\": 2}'")
            }
            for member in members { try named.add(member.key, member.value.text) }
        }
        // An object without other keyword arguments is sent as typed.
        if !named.isEmpty { payload.keywordArguments = named.object }
        self.payload = payload
    }

    /// A line of standard input: an object with `args` and `kwargs`, and any other members, as `subscribe` and `call`
    /// print it; or any other JSON value, taken as ``PayloadText`` does.
    ///
    /// - Parameter number: the line's number, from 1.
    init(line: ByteBuffer, number: Int) throws(ClientUsageError) {
        do {
            let value = try JSON.element(line)
            let members = value.kind == .object ? try JSON.members(of: value.text) : []
            let arguments = members.last { $0.key == "args" }?.value
            let keywords = members.last { $0.key == "kwargs" }?.value
            if let arguments, let keywords, arguments.kind == .array, keywords.kind == .object {
                self.payload = Payload(
                    arguments: arguments.text, keywordArguments: keywords.text, containsNUL: value.containsNUL)
            } else {
                self.payload = try PayloadText(value.text).payload
            }
        } catch let fault as PayloadTextError {
            throw ClientUsageError("line \(number) of standard input is not an event: \(fault)")
        } catch {
            throw ClientUsageError("line \(number) of standard input is not JSON: \(error)")
        }
    }

    /// A word's value as JSON.
    private typealias Typed = (text: ByteBuffer, containsNUL: Bool)

    private static func value(_ word: String, _ place: String) throws(ClientUsageError) -> Typed {
        do {
            let value = try JSON.element(ByteBuffer(string: word))
            return (value.text, value.containsNUL)
        } catch {
            if let first = word.first(where: { !$0.isWhitespace }), "[{\"".contains(first) {
                throw ClientUsageError(
                    "\(place) begins like JSON, but is not JSON: \(error); write a string that begins so as JSON, "
                        + "e.g. '\"[sic]\"'")
            }
            var text = ByteBuffer()
            JSON.write(string: word, into: &text)
            return (text, false)
        }
    }
}
