import NIOCore
import Testing

@testable import WAMP

@Suite struct JSONValidationTests {
    @Test(arguments: [
        ("null", JSONKind.null), ("true", .bool), ("false", .bool), ("0", .number), ("-0", .number), ("10", .number),
        ("-1.5e+10", .number), ("1E-2", .number), ("123456789012345678901234567890", .number), ("1e999", .number),
        ("\"\"", .string), ("\"\\u00e9\\n\\/\"", .string), ("\"\\ud83d\\ude00\"", .string), ("\"é😀\u{7F}\"", .string),
        ("[]", .array), ("[ ]", .array), ("[1,[2,{\"a\":[]}],\"x\"]", .array), ("{}", .object), ("{ }", .object),
        ("{\"a\":1,\"a\":{\"b\":null}}", .object), (" \t\r\n[ 1 , 2 ] \n", .array), ("{\"\":0}", .object),
    ])
    func takes(text: String, kind: JSONKind) throws {
        #expect(try JSON.validate(ByteBuffer(string: text)).kind == kind)
        #expect(ReferenceJSON.accepts(Array(text.utf8), depth: 512))
    }

    @Test(arguments: [
        ("", JSONError.Code.unexpectedEnd), ("  ", .unexpectedEnd), ("[", .unexpectedEnd), ("[1", .unexpectedEnd),
        ("[1,", .unexpectedEnd), ("{", .unexpectedEnd), ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd),
        ("{\"a\":1", .unexpectedEnd), ("\"abc", .unexpectedEnd), ("\"abc\\", .unexpectedEnd), ("tru", .unexpectedEnd),
        ("\"\\u12", .unexpectedEnd), ("-", .unexpectedEnd), ("1.", .unexpectedEnd), ("1e", .unexpectedEnd),
        ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte), ("{,}", .unexpectedByte), ("{1:2}", .unexpectedByte),
        ("{\"a\" 1}", .unexpectedByte), ("{\"a\":1,}", .unexpectedByte), ("[1 2]", .unexpectedByte),
        ("[1}", .unexpectedByte), ("{\"a\":1]", .unexpectedByte), ("'a'", .unexpectedByte), ("truE", .unexpectedByte),
        ("+1", .unexpectedByte), (".5", .unexpectedByte), ("\u{FEFF}1", .unexpectedByte),
        ("[{\"a\":[1}]}", .unexpectedByte), ("// x\n1", .unexpectedByte),
        ("01", .malformedNumber), ("-01", .malformedNumber), ("1.x", .malformedNumber), ("1e+x", .malformedNumber),
        ("-a", .malformedNumber), ("1.e3", .malformedNumber),
        ("1 2", .trailingBytes), ("[]]", .trailingBytes), ("1a", .trailingBytes), ("0x1", .trailingBytes),
        ("null\u{0}", .trailingBytes),
        ("\"a\nb\"", .controlCharacter), ("\"\u{0}\"", .controlCharacter), ("\"12345678\u{1F}\"", .controlCharacter),
        ("\"\\x\"", .malformedEscape), ("\"\\u12g4\"", .malformedEscape), ("\"\\U0041\"", .malformedEscape),
        ("\"\\ud800\"", .loneSurrogate), ("\"\\udc00\"", .loneSurrogate), ("\"\\ud800\\u0041\"", .loneSurrogate),
        ("\"\\ud800\\ud800\\udc00\"", .loneSurrogate), ("\"\\ud800x\"", .loneSurrogate),
        ("NaN", .notFinite), ("[Infinity]", .notFinite), ("{\"a\":-Infinity}", .notFinite),
    ])
    func refuses(text: String, code: JSONError.Code) {
        let error = #expect(throws: JSONError.self) { try JSON.validate(ByteBuffer(string: text)) }
        #expect(error?.code == code)
        #expect(!ReferenceJSON.accepts(Array(text.utf8), depth: 512))
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80],
            [0xED, 0xBF, 0xBF], [0xE2, 0x82], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x28, 0xA1], [0xF0, 0x9F, 0x98, 0x22], [0xC3, 0x22],
        ] as [[UInt8]])
    func refusesInvalidUTF8(bytes: [UInt8]) {
        for padding in 0...9 {
            let text = [0x22] + [UInt8](repeating: 0x61, count: padding) + bytes + [0x22]
            let error = #expect(throws: JSONError.self) { try JSON.validate(ByteBuffer(bytes: text)) }
            #expect(error?.code == .invalidUTF8)
        }
    }

    /// Every octet at every place of a word, to compare the fast path with the slow one.
    @Test func everyOctetAtEveryPlace() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<17 {
                var text = [UInt8](repeating: 0x61, count: 19)
                text[0] = 0x22
                text[18] = 0x22
                text[1 + place] = byte
                let isValid = (try? JSON.validate(ByteBuffer(bytes: text))) != nil
                #expect(isValid == ReferenceJSON.accepts(text, depth: 512), "octet \(byte) at \(place)")
            }
        }
    }

    @Test func depth() throws {
        func nested(_ depth: Int) -> ByteBuffer {
            ByteBuffer(string: String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        }
        func nestedObjects(_ depth: Int) -> ByteBuffer {
            ByteBuffer(
                string: String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth))
        }
        #expect(try JSON.validate(nested(512)).kind == .array)
        #expect(try JSON.validate(nestedObjects(512)).kind == .object)
        for text in [nested(513), nestedObjects(513), nested(100_000), nestedObjects(100_000)] {
            let error = #expect(throws: JSONError.self) { try JSON.validate(text) }
            #expect(error?.code == .tooDeep)
        }
        let limits = DecodingLimits(depth: 2, size: 100)
        #expect(try JSON.validate(nested(2), limits: limits).kind == .array)
        #expect(throws: JSONError.self) { try JSON.validate(nested(3), limits: limits) }
        #expect(throws: JSONError.self) { try JSON.validate(nested(51), limits: limits) }
    }

    /// Brackets beyond the levels that are held in place must match as well.
    @Test func deepMismatch() {
        let open = String(repeating: "[{\"a\":", count: 400)
        let close = String(repeating: "}]", count: 400)
        let wrong = ByteBuffer(string: open + "1" + close.dropLast(2) + "]}")
        let early = ByteBuffer(string: open + "1]" + close.dropFirst())
        for text in [wrong, early] {
            let error = #expect(throws: JSONError.self) { try JSON.validate(text) }
            #expect(error?.code == .unexpectedByte)
        }
    }

    @Test func sees() throws {
        func traits(_ text: String) throws -> JSONTraits { try JSON.validate(ByteBuffer(string: text)).traits }
        #expect(try traits("[\"abc\", {\"a\":1}]") == [])
        #expect(try traits("[\"a\\nb\"]") == [.escaped])
        #expect(try traits("[\"a\\u0000b\"]") == [.escaped, .containsNUL])
        #expect(try traits("{\"\\u0000\":1}") == [.escaped, .containsNUL])
        #expect(try traits("[\"\\\\u0000\"]") == [.escaped])
    }
}
