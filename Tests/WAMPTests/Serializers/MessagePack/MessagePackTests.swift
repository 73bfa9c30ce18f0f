import NIOCore
import Testing

@testable import WAMP

/// Each octet that a MessagePack value can begin with, in both directions.
@Suite struct MessagePackTests {
    private func text(_ digits: String) throws -> String {
        try Transcoded.text(try Transcoded.hexadecimal(digits), .msgpack)
    }

    /// What is read, and what would be written in its place (the shortest form).
    @Test(arguments: [
        ("00", "0", "00"), ("7f", "127", "7f"), ("cc 7f", "127", "7f"), ("cc 80", "128", "cc80"),
        ("cc ff", "255", "ccff"), ("cd 00ff", "255", "ccff"), ("cd 0100", "256", "cd0100"),
        ("cd ffff", "65535", "cdffff"), ("ce 00010000", "65536", "ce00010000"),
        ("ce ffffffff", "4294967295", "ceffffffff"), ("cf 0000000100000000", "4294967296", "cf0000000100000000"),
        ("cf 7fffffffffffffff", "9223372036854775807", "cf7fffffffffffffff"),
        ("cf 8000000000000000", "9223372036854775808", "cf8000000000000000"),
        ("cf ffffffffffffffff", "18446744073709551615", "cfffffffffffffffff"),
        ("ff", "-1", "ff"), ("e0", "-32", "e0"), ("d0 ff", "-1", "ff"), ("d0 df", "-33", "d0df"),
        ("d0 80", "-128", "d080"), ("d0 05", "5", "05"), ("d1 ff7f", "-129", "d1ff7f"), ("d1 8000", "-32768", "d18000"),
        ("d2 ffff7fff", "-32769", "d2ffff7fff"), ("d2 80000000", "-2147483648", "d280000000"),
        ("d3 ffffffff7fffffff", "-2147483649", "d3ffffffff7fffffff"),
        ("d3 8000000000000000", "-9223372036854775808", "d38000000000000000"),
        ("c0", "null", "c0"), ("c2", "false", "c2"), ("c3", "true", "c3"),
        ("cb 3ff8000000000000", "1.5", "cb3ff8000000000000"), ("cb 8000000000000000", "-0.0", "cb8000000000000000"),
        ("cb 3fb999999999999a", "0.1", "cb3fb999999999999a"), ("cb 0000000000000001", "5e-324", "cb0000000000000001"),
        ("cb 7fefffffffffffff", "1.7976931348623157e+308", "cb7fefffffffffffff"),
        ("cb 4340000000000000", "9007199254740992.0", "cb4340000000000000"),
        ("ca 3fc00000", "1.5", "cb3ff8000000000000"), ("ca 3dcccccd", "0.10000000149011612", "cb3fb99999a0000000"),
        ("ca 80000000", "-0.0", "cb8000000000000000"),
        ("a0", "\"\"", "a0"), ("a3 616263", "\"abc\"", "a3616263"), ("d9 03 616263", "\"abc\"", "a3616263"),
        ("da 0003 616263", "\"abc\"", "a3616263"), ("db 00000003 616263", "\"abc\"", "a3616263"),
        ("a6 c3a4f09f9880", "\"ä😀\"", "a6c3a4f09f9880"), ("a3 225c0a", #""\"\\\n""#, "a3225c0a"),
        ("a3 00 1f 7f", "\"\\u0000\\u001f\u{7F}\"", "a3001f7f"),
        ("c4 00", #""\u0000""#, "c400"), ("c4 03 010203", #""\u0000AQID""#, "c403010203"),
        ("c5 0001 ff", #""\u0000/w==""#, "c401ff"), ("c6 00000002 0102", #""\u0000AQI=""#, "c4020102"),
        ("90", "[]", "90"), ("dc 0000", "[]", "90"), ("dd 00000000", "[]", "90"), ("80", "{}", "80"),
        ("de 0000", "{}", "80"), ("df 00000000", "{}", "80"),
        ("92 01 91 02", "[1,[2]]", "92019102"), ("dc 0002 01 02", "[1,2]", "920102"),
        ("dd 00000001 c0", "[null]", "91c0"),
        ("82 a161 01 a162 81 a163 90", #"{"a":1,"b":{"c":[]}}"#, "82a16101a16281a16390"),
        ("de 0001 d90161 02", #"{"a":2}"#, "81a16102"), ("df 00000001 a161 02", #"{"a":2}"#, "81a16102"),
        // Extension types lose their number.
        ("d4 05 aa", #""\u0000qg==""#, "c401aa"), ("d5 05 aabb", #""\u0000qrs=""#, "c402aabb"),
        ("d6 05 01020304", #""\u0000AQIDBA==""#, "c40401020304"),
        ("d7 05 0102030405060708", #""\u0000AQIDBAUGBwg=""#, "c4080102030405060708"),
        (
            "d8 80 00000000000000000000000000000000", #""\u0000AAAAAAAAAAAAAAAAAAAAAA==""#,
            "c41000000000000000000000000000000000"
        ),
        ("c7 00 05", #""\u0000""#, "c400"), ("c7 03 05 010203", #""\u0000AQID""#, "c403010203"),
        ("c8 0003 05 010203", #""\u0000AQID""#, "c403010203"), ("c9 00000001 05 ff", #""\u0000/w==""#, "c401ff"),
    ])
    func bothWays(_ digits: String, _ text: String, _ written: String) throws {
        #expect(try self.text(digits) == text)
        #expect(try Transcoded.octets(text, .msgpack) == Transcoded.hexadecimal(written))
    }

    @Test(arguments: [
        ("d6 ff 00000000", "1970-01-01T00:00:00Z"), ("d6 ff ffffffff", "2106-02-07T06:28:15Z"),
        ("d7 ff 0000000065920080", "2024-01-01T00:00:00Z"),
        ("d7 ff ee6b27fc65920080", "2024-01-01T00:00:00.999999999Z"),
        ("c7 0c ff 00000001 ffffffffffffffff", "1969-12-31T23:59:59.000000001Z"),
        ("c7 0c ff 00000000 fffffff1886e0900", "0001-01-01T00:00:00Z"),
        ("c7 0c ff 00000000 0000003afff4417f", "9999-12-31T23:59:59Z"),
        ("c7 0c ff 00000000 0000000065dfb8ff", "2024-02-28T22:51:43Z"),
        ("c7 0c ff 00000000 0000000038bbb4c0", "2000-02-29T12:00:00Z"),
        ("c7 0c ff 00000000 00000000f4d41f7f", "2100-02-28T23:59:59Z"),
        ("c7 0c ff 00000000 00000000f4d41f80", "2100-03-01T00:00:00Z"),
        ("c7 0c ff 00000000 ffffffff7ca34a00", "1900-03-01T00:00:00Z"),
        ("c7 0c ff 00000000 00000003291b6580", "2400-02-29T00:00:00Z"),
        ("c7 0c ff 00000000 000000003a4fc87f", "2000-12-31T23:59:59Z"),
        ("d6 ff 65e0467f", "2024-02-29T08:55:27Z"), ("d6 ff 386cd300", "1999-12-31T16:00:00Z"),
    ])
    func timestamps(_ digits: String, _ text: String) throws {
        #expect(try self.text(digits) == "\"\(text)\"")
    }

    /// Invalid points in time, or those whose year does not have four digits.
    @Test(arguments: [
        "d4 ff 00", "c7 05 ff 0000000000", "d7 ff ffffffff00000000", "c7 0c ff 3b9aca00 0000000000000000",
        "c7 0c ff 00000000 7fffffffffffffff", "c7 0c ff 00000000 8000000000000000",
        "c7 0c ff 00000000 0000003afff44180", "c7 0c ff 00000000 fffffff1886e08ff",
    ])
    func otherTimestampsAreBinary(_ digits: String) throws {
        #expect(try self.text(digits).hasPrefix(#""\u0000"#))
    }

    /// Lengths on both sides of each bound, as text, binary, list and dictionary.
    @Test(arguments: [15, 16, 31, 32, 255, 256, 65_535, 65_536])
    func lengths(_ count: Int) throws {
        let string = "\"" + String(repeating: "x", count: count) + "\""
        let octets = try Transcoded.octets(string, .msgpack)
        #expect(octets.count == count + (count < 32 ? 1 : count < 256 ? 2 : count < 65_536 ? 3 : 5))
        #expect(try Transcoded.text(octets, .msgpack) == string)

        let binary = String(decoding: try binaryText(count), as: UTF8.self)
        let ofBinary = try Transcoded.octets(binary, .msgpack)
        #expect(ofBinary.count == count + (count < 256 ? 2 : count < 65_536 ? 3 : 5))
        #expect(try Transcoded.text(ofBinary, .msgpack) == binary)

        let list = "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]"
        let ofList = try Transcoded.octets(list, .msgpack)
        #expect(ofList.count == count + (count < 16 ? 1 : count < 65_536 ? 3 : 5))
        #expect(try Transcoded.text(ofList, .msgpack) == list)

        let dictionary = "{" + Array(repeating: "\"k\":1", count: count).joined(separator: ",") + "}"
        let ofDictionary = try Transcoded.octets(dictionary, .msgpack)
        #expect(ofDictionary.count == 3 * count + (count < 16 ? 1 : count < 65_536 ? 3 : 5))
        #expect(try Transcoded.text(ofDictionary, .msgpack) == dictionary)
    }

    @Test func reservedOctet() {
        #expect(throws: MessageError(.unreadable(.msgpack, FormatError(.reservedOctet, at: 6)))) {
            try Transcoded.payload([0xC1], .msgpack)
        }
    }
}

/// The text of binary with so many octets.
func binaryText(_ count: Int) throws -> [UInt8] {
    var buffer = ByteBuffer()
    JSON.write(binary: [UInt8](repeating: 0xAB, count: count), into: &buffer)
    return Array(buffer.readableBytesView)
}
