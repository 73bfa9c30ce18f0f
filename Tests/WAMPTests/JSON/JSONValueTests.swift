import NIOCore
import Testing

@testable import WAMP

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
