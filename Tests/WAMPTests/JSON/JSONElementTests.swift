import NIOCore
import Testing

@testable import WAMP

@Suite struct JSONElementTests {
    @Test func elementsOfAnArray() throws {
        var buffer = ByteBuffer(string: "xx [ 1, \"a\\\"b\" ,{\"k\":[1,2]},null, [ ] ,true] ")
        buffer.moveReaderIndex(forwardBy: 2)
        let elements = try JSON.elements(of: buffer)
        #expect(elements.map { String(buffer: $0.text) } == ["1", #""a\"b""#, #"{"k":[1,2]}"#, "null", "[ ]", "true"])
        #expect(elements.map(\.kind) == [.number, .string, .object, .null, .array, .bool])
        #expect(elements.map(\.isEscaped) == [false, true, false, false, false, false])
        #expect(try JSON.elements(of: ByteBuffer(string: "[]")).isEmpty)
    }

    @Test func membersOfAnObject() throws {
        let members = try JSON.members(of: ByteBuffer(string: #"{"a":1, "b\u0041" : "x", "a":[2]}"#))
        #expect(members.map(\.key) == ["a", "bA", "a"])
        #expect(members.map { String(buffer: $0.value.text) } == ["1", "\"x\"", "[2]"])
        #expect(try JSON.members(of: ByteBuffer(string: " {} ")).isEmpty)
    }

    @Test func anotherKindIsAnError() {
        #expect(throws: JSONError(.wrongKind, at: 0)) { try JSON.elements(of: ByteBuffer(string: "{}")) }
        #expect(throws: JSONError(.wrongKind, at: 0)) { try JSON.members(of: ByteBuffer(string: "[]")) }
        #expect(throws: JSONError(.trailingBytes, at: 3)) { try JSON.elements(of: ByteBuffer(string: "[] 1")) }
    }

    @Test(arguments: [
        (#""""#, ""), (#""abc""#, "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u00e9\u20AC\ud83d\ude00é""#, "é€😀é"), (#""a\u0000b""#, "a\u{0}b"),
    ])
    func unescapes(text: String, string: String) throws {
        #expect(JSON.unescape(try JSON.element(ByteBuffer(string: text))) == string)
    }

    @Test(arguments: ["", "abc", "\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}", "é€😀", "\u{2028}", "a\"b"])
    func writesStringsThatReadTheSame(string: String) throws {
        var buffer = ByteBuffer()
        JSON.write(string: string, into: &buffer)
        #expect(JSON.unescape(try JSON.element(buffer)) == string)
        #expect(ReferenceJSON.accepts(Array(buffer.readableBytesView), depth: 1))
    }
}
