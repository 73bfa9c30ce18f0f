import NIOCore
import Testing

@testable import WAMP

@Suite("JSON for a router")
struct JSONOutgoingTests {
    @Test(
        "only the object that binary() makes becomes binary",
        arguments: [
            (#"{"a": {"\u0001binary": "AQI="}}"#, #"{"a": "\u0000AQI="}"#),
            (#"[{"\u0001binary":""}, [ { "\u0001binary" : "AA==" } ], 1]"#, #"[ "\u0000", [ "\u0000AA==" ], 1]"#),
            (#"{"\u0001binary": "AQID"}"#, #""\u0000AQID""#),
            (#"["\u0001AQI=", "\u0001", "\u0001binary"]"#, #"["\u0001AQI=", "\u0001", "\u0001binary"]"#),
            (#"["{\"\u0001binary\": \"AQI=\"}"]"#, #"["{\"\u0001binary\": \"AQI=\"}"]"#),
            (#"{"\u0001binary": "AQI"}"#, #"{"\u0001binary": "AQI"}"#),
            (#"{"\u0001binary": "AQJ="}"#, #"{"\u0001binary": "AQJ="}"#),
            (#"{"\u0001binary": "A\/=="}"#, #"{"\u0001binary": "A\/=="}"#),
            (#"{"\u0001binary": "AQ==", "b": 1}"#, #"{"\u0001binary": "AQ==", "b": 1}"#),
            (#"{"a": 1, "\u0001binary": "AQ=="}"#, #"{"a": 1, "\u0001binary": "AQ=="}"#),
            (#"{"\u0001binary": 5}"#, #"{"\u0001binary": 5}"#),
            (#"{"\u0001binary": {"\u0001binary": "AQ=="}}"#, #"{"\u0001binary": "\u0000AQ=="}"#),
            (#"["\u0010", "x\u0000"]"#, #"["\u0010", "x\u0000"]"#),
            (#"["\u0000AQI="]"#, #"["\u0000AQI="]"#),
            ("[]", "[]"),
        ])
    func restores(text: String, expected: String) throws {
        var buffer = ByteBuffer(string: text)
        try JSON.prepareForRouter(&buffer)
        #expect(String(buffer: buffer).filter { $0 != " " } == expected.filter { $0 != " " })
    }

    @Test("the text's place in its buffer does not matter, and other references to it see no change")
    func offset() throws {
        var buffer = ByteBuffer(string: #"junk[{"\u0001binary": "AQI="}]"#)
        buffer.moveReaderIndex(forwardBy: 4)
        let before = buffer
        try JSON.prepareForRouter(&buffer)
        #expect(String(buffer: buffer) == #"["\u0000AQI="]"#)
        #expect(String(buffer: before) == #"[{"\u0001binary": "AQI="}]"#)
    }

    @Test(
        "what some routers can't read is refused",
        arguments: [
            (String(repeating: "9", count: 4301), JSONError.Code.unreadableNumber),
            ("1e309", .unreadableNumber), ("2e308", .unreadableNumber),
            ("1" + String(repeating: "0", count: 309) + ".5", .unreadableNumber),
            ("1e4301", .absurdNumber), ("1e-4301", .absurdNumber), ("1e99999999999999999999", .absurdNumber),
            (String(repeating: "[", count: 257) + String(repeating: "]", count: 257), .tooDeep),
            (#""\ud83d""#, .loneSurrogate), (#"{"\udc00": 1}"#, .loneSurrogate), ("NaN", .notFinite),
            (#""\u0000""# + "x", .trailingBytes), (#""\u0000hello""#, .unexpectedNUL),
            (#"{"\u0000AQI=": 1}"#, .unexpectedNUL), ("", .unexpectedEnd),
        ])
    func refuses(text: String, code: JSONError.Code) {
        var buffer = ByteBuffer(string: text)
        let error = #expect(throws: JSONError.self) { try JSON.prepareForRouter(&buffer) }
        #expect(error?.code == code)
    }

    @Test(
        "what all routers read is accepted",
        arguments: [
            "18446744073709551615", "-9223372036854775808", "18446744073709551616e0", "1e308", "-1.5e-300", "0.001e310",
            "1e-4300",
            "0." + String(repeating: "1", count: 5000),
            String(repeating: "[", count: 256) + String(repeating: "]", count: 256), #""\ud83d\ude00""#,
        ])
    func takes(text: String) throws {
        var buffer = ByteBuffer(string: text)
        try JSON.prepareForRouter(&buffer)
        #expect(String(buffer: buffer) == text)
    }

    @Test(
        "integers of more than 64 bits become doubles, and those beyond all doubles texts",
        arguments: [
            ("18446744073709551616", "18446744073709551616.0"), ("-9223372036854775809", "-9223372036854775809.0"),
            ("[1,18446744073709551616, -18446744073709551617]", "[1,18446744073709551616.0, -18446744073709551617.0]"),
            (#"{"18446744073709551616":"18446744073709551616"}"#, #"{"18446744073709551616":"18446744073709551616"}"#),
            (#"{"a\"1":18446744073709551616}"#, #"{"a\"1":18446744073709551616.0}"#),
            (String(repeating: "9", count: 308), String(repeating: "9", count: 308) + ".0"),
            (String(repeating: "9", count: 4300), "\"" + String(repeating: "9", count: 4300) + "\""),
            (#"[18446744073709551616, {"\u0001binary": "AQI="}]"#, #"[18446744073709551616.0, "\u0000AQI="]"#),
        ])
    func greatIntegers(text: String, sent: String) throws {
        var buffer = ByteBuffer(string: text)
        try JSON.prepareForRouter(&buffer)
        #expect(String(buffer: buffer) == sent)
    }

    @Test("arguments are an array, keyword arguments an object")
    func kinds() {
        for payload in [
            Payload(arguments: ByteBuffer(string: "{}")), Payload(keywordArguments: ByteBuffer(string: "[]")),
        ] {
            var payload = payload
            let error = #expect(throws: JSONError.self) { try payload.prepareForRouter() }
            #expect(error?.code == .wrongKind)
        }
    }
}
