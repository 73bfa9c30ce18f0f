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

    /// Every octet at every place of a word, so that the fast path is compared with the slow one.
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

    /// Brackets deeper than those that are remembered in place must match as well.
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

@Suite struct JSONValueTests {
    @Test(arguments: [
        ("null", Value.null), ("true", .bool(true)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775807", .integer(.max)), ("9223372036854775808", .double(9.223372036854775808e18)),
        ("1.5", .double(1.5)), ("2.0", .double(2)), ("\"x\\n\"", .string("x\n")), ("\"\\u0000AQI=\"", .binary([1, 2])),
        ("\"\\u0000AQI\"", .string("\u{0}AQI")), ("\"x\\u0000AQI=\"", .string("x\u{0}AQI=")),
        ("[1,[],{\"a\":2,\"a\":3}]", .list([.integer(1), .list([]), .dictionary(["a": .integer(3)])])),
    ])
    func reads(text: String, value: Value) throws {
        #expect(try JSON.value(of: ByteBuffer(string: text)) == value)
    }

    @Test(arguments: [
        Value.null, .bool(false), .integer(0), .integer(-1), .integer(.min), .integer(.max), .double(1.5),
        .double(1e300),
        .string("a\"\u{1}é"), .binary([]), .binary([0, 255, 1]), .list([.null, .list([.bool(true)])]),
        .dictionary(["b": .integer(10), "a": .dictionary([:])]),
    ])
    func writesWhatReadsTheSame(value: Value) throws {
        #expect(try JSON.value(of: ByteBuffer(string: JSON.text(of: value))) == value)
    }

    @Test func whatJSONLacksBecomesNull() {
        #expect(JSON.text(of: .list([.double(.nan), .double(.infinity), .double(-.infinity)])) == "[null,null,null]")
    }

    @Test func deepValues() throws {
        let text = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        var value = try JSON.value(of: ByteBuffer(string: text))
        var depth = 0
        while case .list(let list) = value {
            depth += 1
            guard let inner = list.first else { break }
            value = inner
        }
        #expect(depth == 512)
    }

    @Test(
        arguments: [
            ("1", 1), ("0", 0), ("-5", -5), ("2.0", 2), ("2e3", 2000), ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807", .max), ("1.5", nil), ("9223372036854775808", nil), ("1e400", nil), ("true", nil),
            ("\"1\"", nil), ("10000000000000000000000000000000000000000000000000000", nil),
        ] as [(String, Int64?)])
    func integers(text: String, integer: Int64?) throws {
        #expect(JSON.integer(of: try JSON.element(ByteBuffer(string: text))) == integer)
    }
}

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
