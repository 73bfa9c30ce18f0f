import NIOCore
import Testing

@testable import WAMP

@Suite struct JSONBinaryTests {
    @Test(
        arguments: [
            (#""\u0000AQID""#, [1, 2, 3]), (#""\u0000""#, []), (#""\u0000\/\/\/\/""#, [255, 255, 255]),
            (#""\u0000AQI""#, nil), (#""AQID""#, nil), (#""a\u0000AQID""#, nil), (#""\u0001AQID""#, nil),
            (#""\\u0000AQID""#, nil), ("[]", nil), (#""\u0000A\n==""#, nil),
        ] as [(String, [UInt8]?)])
    func isFound(text: String, bytes: [UInt8]?) throws {
        #expect(JSON.binary(of: try JSON.element(ByteBuffer(string: text))) == bytes)
    }

    @Test(arguments: [
        (#"[1, "a\"b"]"#, #"[1, "a\"b"]"#),
        (#"["\u0000AQL/"]"#, #"["\\x0102ff"]"#),
        (#"{"a":"\u0000","b" : [ "\u0000AQI=" , "x" ]}"#, #"{"a":"\\x","b" : [ "\\x0102" , "x" ]}"#),
        (#"["\\u0000AQI="]"#, #"["\\u0000AQI="]"#),
    ])
    func isReplaced(text: String, replaced: String) throws {
        var buffer = ByteBuffer(string: "before:")
        try JSON.writeReplacingBinary(ByteBuffer(string: text), into: &buffer)
        #expect(String(buffer: buffer) == "before:" + replaced)
    }

    @Test(arguments: [
        #"["\u0000no base64"]"#, #"["a\u0000b"]"#, #"{"\u0000AQI=":1}"#, #"{"\u0000AQI=" :1}"#, #"["AQI\u0000"]"#,
    ])
    func anyOtherNULIsAnError(text: String) {
        var buffer = ByteBuffer()
        let error = #expect(throws: JSONError.self) {
            try JSON.writeReplacingBinary(ByteBuffer(string: text), into: &buffer)
        }
        #expect(error?.code == .unexpectedNUL)
        #expect(buffer.readableBytes == 0)
    }

    @Test func replacingFitsAtAllLengths() throws {
        for count in 0...100 {
            var text = ByteBuffer()
            JSON.write(binary: [UInt8](repeating: 0xAB, count: count), into: &text)
            var buffer = ByteBuffer()
            try JSON.writeReplacingBinary(text, into: &buffer)
            #expect(String(buffer: buffer) == "\"\\\\x" + String(repeating: "ab", count: count) + "\"")
        }
    }
}
