import NIOCore
import Testing

@testable import WAMP

@Suite("Binary on its way out of the database")
struct JSONDatabaseBinaryTests {
    @Test(
        "only a string that begins with U+0001 becomes binary",
        arguments: [
            (#"{"a": "\u0001AQI="}"#, #"{"a": "\u0000AQI="}"#),
            (#"["\u0001", ["\u0001AA=="], "\u0001BB=="]"#, #"["\u0000", ["\u0000AA=="], "\u0000BB=="]"#),
            (#""\u0001AQI=""#, #""\u0000AQI=""#),
            (#"["x\u0001AQI="]"#, #"["x\u0001AQI="]"#),
            (#"["\"\u0001AQI="]"#, #"["\"\u0001AQI="]"#),
            (#"["\\\"\u0001", "\\", "\u0001"]"#, #"["\\\"\u0001", "\\", "\u0000"]"#),
            (#"["\\u0001"]"#, #"["\\u0001"]"#),
            (#"["\u0010"]"#, #"["\u0010"]"#),
            ("[]", "[]"),
            ("", ""),
        ])
    func restores(text: String, expected: String) {
        var buffer = ByteBuffer(string: text)
        JSON.restoreBinary(in: &buffer)
        #expect(String(buffer: buffer) == expected)
    }

    @Test("the text's place in its buffer does not matter")
    func offset() {
        var buffer = ByteBuffer(string: #"junk["\u0001AQI="]"#)
        buffer.moveReaderIndex(forwardBy: 4)
        JSON.restoreBinary(in: &buffer)
        #expect(String(buffer: buffer) == #"["\u0000AQI="]"#)
    }
}
