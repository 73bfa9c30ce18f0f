import NIOCore
import Testing

@testable import WAMP

/// What is sent comes back. A seed that fails becomes another argument.
@Suite struct RoundTripTests {
    /// JSON text, octets, JSON text: a hundred thousand random values through each serializer.
    @Test(arguments: SerializerID.allCases, [1, 2, 3, 4] as [UInt64])
    func values(_ serializer: SerializerID, seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        for _ in 0..<25_000 {
            let text = random.next()
            let back = try Transcoded.text(try Transcoded.octets(text, serializer), serializer)
            if back != text {
                Issue.record("\(text) became \(back)")
                return
            }
        }
    }

    /// Octets in any form, JSON text, octets in their shortest form, the same JSON text.
    @Test(arguments: binarySerializers, [5, 6] as [UInt64])
    func anyForm(_ serializer: SerializerID, seed: UInt64) throws {
        var random = RandomOctets(serializer, seed: seed)
        for _ in 0..<10_000 {
            let octets = random.next()
            let text = try Transcoded.text(octets, serializer)
            _ = try JSON.validate(ByteBuffer(string: text))
            let shortest = try Transcoded.octets(text, serializer)
            #expect(shortest.count <= max(octets.count, 9) * 8)
            let back = try Transcoded.text(shortest, serializer)
            if back != text {
                Issue.record("\(text) became \(back)")
                return
            }
        }
    }

    /// A number out of the range of doubles is sent as its digits: infinity would be another number, and JSON does not
    /// have it.
    @Test(arguments: binarySerializers)
    func numbersBeyondDoubles(_ id: SerializerID) throws {
        for digits in ["1e400", "-1.5e999", String(repeating: "9", count: 400)] {
            #expect(try Transcoded.octets(digits, id) == Transcoded.octets("\"\(digits)\"", id))
        }
        #expect(try Transcoded.octets("1.7976931348623157e308", id).count == 9)
    }

    /// White space, superfluous escapes and other forms of numbers, as databases and people write them.
    @Test(arguments: binarySerializers)
    func otherForms(_ serializer: SerializerID) throws {
        for (text, back) in [
            (" [ 1 , 2 ] ", "[1,2]"), (#"{"a": 1, "b": [true, null]}"#, #"{"a":1,"b":[true,null]}"#),
            ("[\n\t1\r]", "[1]"), (#""\u0041\/""#, #""A/""#), (#""\ud83d\ude00""#, "\"😀\""),
            (#""\ud800""#, "\"\u{FFFD}\""), (#""\ud800\u0041""#, "\"\u{FFFD}A\""), ("1e3", "1000.0"), ("1E-2", "0.01"),
            ("1.10", "1.1"), ("-0", "0"), ("-0.0", "-0.0"), ("0.30000000000000004", "0.30000000000000004"),
            ("123456789.123456789", "123456789.12345679"), ("18446744073709551616", "1.8446744073709552e+19"),
            ("-9223372036854775809", serializer == .cbor ? "-9223372036854775809" : "-9.223372036854776e+18"),
            ("1234567890123456789012345678901234567890", "1.2345678901234568e+39"),
            (#""\u0000AQ\/\u002F""#, #""\u0000AQ//""#), (#""\u0000no base64""#, #""\u0000no base64""#),
            (#""\u0000""#, #""\u0000""#), (#"{"\u0000AQID":1}"#, #"{"\u0000AQID":1}"#),
            (#"{"a":1,"a":2}"#, #"{"a":1,"a":2}"#),
        ] {
            #expect(try Transcoded.text(try Transcoded.octets(text, serializer), serializer) == back, "\(text)")
        }
    }

    /// What is not JSON becomes null: never something that breaks the message.
    @Test(arguments: binarySerializers)
    func noJSON(_ serializer: SerializerID) throws {
        for text in [
            "[1", "{\"a\"}", "[1]]", "[\"\n\"]", "nul", "", "[1,]", "[" + String(repeating: "1.5,", count: 1000),
        ] {
            var buffer = ByteBuffer()
            Serializer(serializer).encode(
                Yield(
                    request: RequestID(checked: 1), payload: Payload(arguments: ByteBuffer(string: text + "      "))),
                into: &buffer)
            #expect(buffer.readableBytesView.last == (serializer == .msgpack ? 0xC0 : 0xF6), "\(text)")
        }
    }

    /// Nesting, and heads that need room later, cost no more than their size.
    @Test(arguments: binarySerializers)
    func manyWideListsInOneAnother(_ serializer: SerializerID) throws {
        let depth = 400
        let fill = Array(repeating: "1,", count: 300).joined()
        let text = String(repeating: "[" + fill, count: depth) + "0" + String(repeating: "]", count: depth)
        #expect(try Transcoded.text(try Transcoded.octets(text, serializer), serializer) == text)
        // Far deeper than any receiver accepts.
        let deep = 300_000
        let nested = String(repeating: "[0,", count: deep) + "0" + String(repeating: "]", count: deep)
        #expect(try Transcoded.octets(nested, serializer).count == 2 * deep + 1)
        let wide = 20_000
        let wideLists =
            String(repeating: "[" + String(repeating: "1,", count: 30), count: wide) + "0"
            + String(repeating: "]", count: wide)
        let octets = try Transcoded.octets(wideLists, serializer)
        #expect(octets.count == wide * (30 + (serializer == .msgpack ? 3 : 2)) + 1)
        #expect(try Transcoded.payload(octets, serializer).fault == .tooDeep)
    }
}
