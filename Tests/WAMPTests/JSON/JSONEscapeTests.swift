import NIOCore
import Testing

@testable import WAMP

@Suite struct JSONEscapeTests {
    @Test(arguments: [
        ("\"", #""\"""#), ("\\", #""\\""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#), ("\u{0}", #""\u0000""#),
        ("\u{1F}", #""\u001f""#), ("a\u{1A}b", #""a\u001ab""#), (" /\u{7F}ä", "\" /\u{7F}ä\""),
    ])
    func stringsAreEscapedAsLittleAsJSONAllows(_ string: String, _ expected: String) {
        var buffer = ByteBuffer()
        JSON.write(string: string, into: &buffer)
        #expect(String(buffer: buffer) == expected)
    }

    @Test func eachOctetIsReadAgain() throws {
        for octet in UInt8(0)..<0x80 where JSONEscape.isNeeded(by: octet) {
            let string = "a" + String(UnicodeScalar(octet))
            var buffer = ByteBuffer()
            JSON.write(string: string, into: &buffer)
            #expect(try JSON.value(of: buffer) == .string(string))
        }
    }
}
