import NIOCore
import Testing

@testable import WAMP

/// Each major type with each additional information, in both directions. Many are examples of RFC 8949, appendix A.
@Suite struct CBORTests {
    private func text(_ digits: String) throws -> String {
        try Transcoded.text(try Transcoded.hexadecimal(digits), .cbor)
    }

    /// What is read, and what would be written in its place (the shortest form).
    @Test(arguments: [
        ("00", "0", "00"), ("17", "23", "17"), ("18 17", "23", "17"), ("18 18", "24", "1818"), ("18 ff", "255", "18ff"),
        ("19 00ff", "255", "18ff"), ("19 0100", "256", "190100"), ("19 ffff", "65535", "19ffff"),
        ("1a 00010000", "65536", "1a00010000"), ("1a ffffffff", "4294967295", "1affffffff"),
        ("1b 0000000100000000", "4294967296", "1b0000000100000000"),
        ("1b 8000000000000000", "9223372036854775808", "1b8000000000000000"),
        ("1b ffffffffffffffff", "18446744073709551615", "1bffffffffffffffff"),
        ("20", "-1", "20"), ("37", "-24", "37"), ("38 18", "-25", "3818"), ("38 63", "-100", "3863"),
        ("39 03e7", "-1000", "3903e7"), ("3a 00010000", "-65537", "3a00010000"),
        ("3b 7fffffffffffffff", "-9223372036854775808", "3b7fffffffffffffff"),
        ("3b 8000000000000000", "-9223372036854775809", "3b8000000000000000"),
        ("3b ffffffffffffffff", "-18446744073709551616", "3bffffffffffffffff"),
        ("40", #""\u0000""#, "40"), ("44 01020304", #""\u0000AQIDBA==""#, "4401020304"),
        ("58 01 ff", #""\u0000/w==""#, "41ff"), ("59 0001 ff", #""\u0000/w==""#, "41ff"),
        ("5a 00000001 ff", #""\u0000/w==""#, "41ff"), ("5b 0000000000000001 ff", #""\u0000/w==""#, "41ff"),
        ("5f ff", #""\u0000""#, "40"), ("5f 42 0102 43 030405 ff", #""\u0000AQIDBAU=""#, "450102030405"),
        ("60", "\"\"", "60"), ("64 49455446", "\"IETF\"", "6449455446"), ("62 225c", #""\"\\""#, "62225c"),
        ("64 f0908591", "\"𐅑\"", "64f0908591"), ("78 01 61", "\"a\"", "6161"), ("79 0001 61", "\"a\"", "6161"),
        ("7a 00000001 61", "\"a\"", "6161"), ("7b 0000000000000001 61", "\"a\"", "6161"), ("7f ff", "\"\"", "60"),
        ("7f 65 7374726561 64 6d696e67 ff", "\"streaming\"", "6973747265616d696e67"),
        ("80", "[]", "80"), ("83 01 02 03", "[1,2,3]", "83010203"), ("98 01 05", "[5]", "8105"),
        ("99 0001 05", "[5]", "8105"), ("9a 00000001 05", "[5]", "8105"), ("9b 0000000000000001 05", "[5]", "8105"),
        ("9f ff", "[]", "80"), ("9f 01 82 02 03 9f 04 05 ff ff", "[1,[2,3],[4,5]]", "8301820203820405"),
        ("a0", "{}", "a0"), ("a2 61 61 01 61 62 82 02 03", #"{"a":1,"b":[2,3]}"#, "a26161016162820203"),
        ("b8 01 61 61 01", #"{"a":1}"#, "a1616101"), ("b9 0001 61 61 01", #"{"a":1}"#, "a1616101"),
        ("ba 00000001 61 61 01", #"{"a":1}"#, "a1616101"), ("bb 0000000000000001 61 61 01", #"{"a":1}"#, "a1616101"),
        ("bf ff", "{}", "a0"), ("bf 61 61 01 7f 61 62 ff 9f 02 ff ff", #"{"a":1,"b":[2]}"#, "a261610161628102"),
        ("82 bf ff 9f ff", "[{},[]]", "82a080"),
        ("f4", "false", "f4"), ("f5", "true", "f5"), ("f6", "null", "f6"), ("f7", "null", "f6"), ("e0", "null", "f6"),
        ("f3", "null", "f6"), ("f8 20", "null", "f6"), ("f8 ff", "null", "f6"),
        ("f9 0000", "0.0", "fb0000000000000000"), ("f9 8000", "-0.0", "fb8000000000000000"),
        ("f9 3c00", "1.0", "fb3ff0000000000000"), ("f9 3e00", "1.5", "fb3ff8000000000000"),
        ("f9 7bff", "65504.0", "fb40effc0000000000"), ("f9 0001", "5.960464477539063e-08", "fb3e70000000000000"),
        ("f9 0400", "6.103515625e-05", "fb3f10000000000000"), ("f9 c400", "-4.0", "fbc010000000000000"),
        ("fa 47c35000", "100000.0", "fb40f86a0000000000"),
        ("fa 7f7fffff", "3.4028234663852886e+38", "fb47efffffe0000000"),
        ("fb 3ff199999999999a", "1.1", "fb3ff199999999999a"), ("fb 7e37e43c8800759c", "1e+300", "fb7e37e43c8800759c"),
        ("fb c010666666666666", "-4.1", "fbc010666666666666"),
        // All tags are ignored, except those of bignums.
        (
            "c0 74 323031332d30332d32315432303a30343a30305a", "\"2013-03-21T20:04:00Z\"",
            "74323031332d30332d32315432303a30343a30305a"
        ),
        ("c1 1a 514b67b0", "1363896240", "1a514b67b0"), ("c4 82 21 19 6ab3", "[-2,27315]", "8221196ab3"),
        ("d7 44 01020304", #""\u0000AQIDBA==""#, "4401020304"), ("d8 18 41 ff", #""\u0000/w==""#, "41ff"),
        ("d9 d9f7 01", "1", "01"), ("da 00000102 81 01", "[1]", "8101"), ("db ffffffffffffffff f6", "null", "f6"),
        ("a1 c0 61 61 c1 00", #"{"a":0}"#, "a1616100"), ("c2 c1 41 ff", #""\u0000/w==""#, "41ff"),
        ("c2 40", "0", "00"), ("c3 40", "-1", "20"), ("c2 41 05", "5", "05"), ("c2 42 0001", "1", "01"),
        ("c3 48 ffffffffffffffff", "-18446744073709551616", "3bffffffffffffffff"),
        ("c2 5f 41 01 41 00 ff", "256", "190100"), ("c2 01", "1", "01"),
        ("c2 4a 0000ffffffffffffffff", "18446744073709551615", "1bffffffffffffffff"),
    ])
    func bothWays(_ digits: String, _ text: String, _ written: String) throws {
        #expect(try self.text(digits) == text)
        #expect(try Transcoded.octets(text, .cbor) == Transcoded.hexadecimal(written))
    }

    @Test func bignums() throws {
        #expect(try self.text("c2 49 010000000000000000") == "18446744073709551616")
        #expect(try self.text("c3 49 010000000000000000") == "-18446744073709551617")
        #expect(try self.text("c3 49 ffffffffffffffffff") == "-4722366482869645213696")
        let most = String(repeating: "ff", count: 128)
        let text = try self.text("c2 5880 \(most)")
        #expect(text.count == 309)
        #expect(
            text.hasPrefix("179769313486231590772930519078902473361797697894230657273430081157732675805500963132708477")
        )
        #expect(text.hasSuffix("5356329624224137215"))
        #expect(try self.text("c2 5882 0000 \(most)") == text)
        #expect(try Transcoded.payload(try Transcoded.hexadecimal("c2 5881 01\(most)"), .cbor).fault == .tooLarge)
        // They are rounded before they are sent.
        #expect(try Transcoded.octets("18446744073709551616", .cbor) == Transcoded.hexadecimal("fb43f0000000000000"))
    }

    /// All numbers of half precision, compared with their definition.
    @Test func halves() throws {
        for half in UInt16.min...UInt16.max {
            let exponent = Int(half >> 10) & 31
            let fraction = Double(half & 0x3FF) / 1024
            let sign: Double = half < 0x8000 ? 1 : -1
            let octets = [0xF9, UInt8(half >> 8), UInt8(half & 0xFF)]
            if exponent == 31 {
                #expect(try Transcoded.payload(octets, .cbor).fault == .notFinite)
            } else {
                let power =
                    exponent == 0
                    ? Double(sign: .plus, exponent: -14, significand: 1)
                    : Double(sign: .plus, exponent: exponent - 15, significand: 1)
                let value = sign * power * (exponent == 0 ? fraction : 1 + fraction)
                let text = try Transcoded.text(octets, .cbor)
                if text != value.description { Issue.record("\(half): \(text) is not \(value)") }
            }
        }
    }

    /// Lengths on both sides of each bound, as text, binary, list and dictionary.
    @Test(arguments: [23, 24, 255, 256, 65_535, 65_536])
    func lengths(_ count: Int) throws {
        let width = count < 24 ? 1 : count < 256 ? 2 : count < 65_536 ? 3 : 5
        let values = [
            ("\"" + String(repeating: "x", count: count) + "\"", count),
            (String(decoding: try binaryText(count), as: UTF8.self), count),
            ("[" + Array(repeating: "1", count: count).joined(separator: ",") + "]", count),
            ("{" + Array(repeating: "\"k\":1", count: count).joined(separator: ",") + "}", 3 * count),
        ]
        for (text, size) in values {
            let octets = try Transcoded.octets(text, .cbor)
            #expect(octets.count == size + width)
            #expect(try Transcoded.text(octets, .cbor) == text)
        }
    }

    @Test(arguments: [
        ("1c", FormatError.Code.reservedOctet), ("1d", .reservedOctet), ("1e", .reservedOctet), ("1f", .reservedOctet),
        ("3c", .reservedOctet), ("3f", .reservedOctet), ("5c", .reservedOctet), ("7e", .reservedOctet),
        ("9d", .reservedOctet), ("bc", .reservedOctet), ("dc", .reservedOctet), ("df", .reservedOctet),
        ("fc", .reservedOctet), ("fd", .reservedOctet), ("fe", .reservedOctet), ("f8 00", .reservedOctet),
        ("f8 18", .reservedOctet), ("f8 1f", .reservedOctet), ("ff", .misplacedBreak), ("81 ff", .misplacedBreak),
        ("a1 ff 00", .misplacedBreak), ("a1 61 61 ff", .misplacedBreak), ("bf 61 61 ff", .misplacedBreak),
        ("bf 61 61 01 61 62 ff", .misplacedBreak), ("c0 ff", .misplacedBreak), ("9f c0 ff", .misplacedBreak),
        ("5f 61 61 ff", .wrongChunk), ("7f 41 61 ff", .wrongChunk), ("5f 5f 41 00 ff ff", .wrongChunk),
        ("7f 7f 61 61 ff ff", .wrongChunk), ("5f 00 ff", .wrongChunk), ("5f c0 41 00 ff", .wrongChunk),
        ("5f 5c ff", .reservedOctet), ("01 02", .trailingOctets), ("01 ff", .trailingOctets),
    ])
    func refused(_ digits: String, _ code: FormatError.Code) throws {
        let error = #expect(throws: MessageError.self) {
            try Transcoded.payload(try Transcoded.hexadecimal(digits), .cbor)
        }
        guard case .unreadable(.cbor, let fault) = error?.code else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(fault.code == code)
    }

    /// A message may be of indefinite length itself, and tagged.
    @Test func messagesOfIndefiniteLength() throws {
        for digits in ["9f 11 01 02 ff", "d9 d9f7 83 11 01 02", "d9d9f7 9f 11 c1 01 02 ff"] {
            let message = try Serializer(.cbor).decode(ByteBuffer(bytes: try Transcoded.hexadecimal(digits)))
            #expect(message == .published(Published(request: id(1), publication: id(2))))
        }
    }
}
