import NIOCore
import Testing

@testable import WAMP

/// Malicious messages: refused, or one payload that can't be used; never a trap, and never slow.
@Suite struct HostileOctetsTests {
    private func fault(_ octets: [UInt8], _ serializer: SerializerID) throws -> PayloadFault? {
        try Transcoded.payload(octets, serializer).fault
    }

    @Test func numbersThatAreNotFinite() throws {
        for digits in [
            "ca7f800000", "caff800000", "ca7fc00000", "cb7ff0000000000000", "cb7ff8000000000001",
            "91cbfff0000000000000",
        ] {
            #expect(try self.fault(Transcoded.hexadecimal(digits), .msgpack) == .notFinite)
        }
        for digits in ["f97c00", "f9fc00", "f97e00", "fa7f800000", "fb7ff8000000000000", "a16161f97e00"] {
            #expect(try self.fault(Transcoded.hexadecimal(digits), .cbor) == .notFinite)
        }
    }

    @Test func keysThatAreNotText() throws {
        for digits in [
            "81 01 02", "81 c0 c0", "81 c4 01 61 02", "81 92 01 02 03", "81 81 a161 01 03", "81 d4 01 00 02",
            "81 d6 ff 00000000 02", "82 a161 01 cb3ff0000000000000 02",
        ] {
            #expect(try self.fault(Transcoded.hexadecimal(digits), .msgpack) == .keyNotText)
        }
        for digits in [
            "a1 01 02", "a1 f6 f6", "a1 41 61 02", "a1 82 01 02 03", "bf 9f 01 ff 03 ff", "bf bf 01 02 ff 03 ff",
            "a1 5f ff 02",
        ] {
            #expect(try self.fault(Transcoded.hexadecimal(digits), .cbor) == .keyNotText)
        }
    }

    @Test func stringsThatAreNotUTF8() throws {
        for digits in ["ff", "c080", "eda080", "f4908080", "e282", "61e28261", "80", "4142434445464748ff"] {
            let string = try Transcoded.hexadecimal(digits)
            #expect(try self.fault([0xA0 | UInt8(string.count)] + string, .msgpack) == .invalidUTF8)
            #expect(try self.fault([0x60 | UInt8(string.count)] + string, .cbor) == .invalidUTF8)
            #expect(try self.fault([0x81, 0xA0 | UInt8(string.count)] + string + [1], .msgpack) == .invalidUTF8)
        }
        // Each piece must be whole.
        #expect(try self.fault(Transcoded.hexadecimal("7f 61 e2 62 82ac ff"), .cbor) == .invalidUTF8)
        #expect(try self.fault(Transcoded.hexadecimal("7f 63 e282ac ff"), .cbor) == nil)
    }

    /// One bad payload leaves the message readable; bad details do not.
    @Test func detailsAreNotPayload() throws {
        let messages = [
            ("msgpack", [0x94, 68, 1, 1, 0x81, 0xC0, 0xC0]), ("cbor", [0x84, 0x18, 68, 1, 1, 0xA1, 0xF6, 0xF6]),
        ]
        for (name, octets) in messages {
            let serializer: SerializerID = name == "cbor" ? .cbor : .msgpack
            let error = #expect(throws: MessageError.self) {
                try Serializer(serializer).decode(ByteBuffer(bytes: octets.map { UInt8($0) }))
            }
            #expect(error?.code == .wrongElement(.invocation, index: 3))
        }
    }

    @Test func opaquePayloads() throws {
        let messages: [(SerializerID, String)] = [
            (.msgpack, "95 44 01 01 80 c403010203"), (.msgpack, "95 44 01 01 80 a161"),
            (.msgpack, "95 44 01 01 80 d40500"),
            (.cbor, "85 1844 01 01 a0 43010203"), (.cbor, "85 1844 01 01 a0 6161"),
        ]
        for (serializer, digits) in messages {
            let message = try Serializer(serializer).decode(ByteBuffer(bytes: try Transcoded.hexadecimal(digits)))
            guard case .invocation(let invocation) = message else { throw Unexpected(message) }
            #expect(invocation.payload == Payload(fault: .opaque))
        }
    }

    @Test(arguments: binarySerializers)
    func noLists(_ serializer: SerializerID) throws {
        for digits in [
            "", "c0", "f6", "80", "a0", "01", "a161", "6161", "c403010203", "81a16101", "a1616101",
            "cb3ff0000000000000",
        ] {
            let octets = try Transcoded.hexadecimal(digits)
            let error = #expect(throws: MessageError.self) {
                try Serializer(serializer).decode(ByteBuffer(bytes: octets))
            }
            if case .unreadable(let id, _) = error?.code { #expect(id == serializer) }
        }
        let empty: UInt8 = serializer == .msgpack ? 0x90 : 0x80
        #expect(throws: MessageError(.noCode)) { try Serializer(serializer).decode(ByteBuffer(bytes: [empty])) }
    }

    /// Lengths that can't be true are refused before any memory is reserved.
    @Test func promises() throws {
        for digits in [
            "dd ffffffff 01", "df ffffffff", "dc ffff", "db ffffffff 61", "c6 ffffffff", "c9 ffffffff 05",
            "df 80000000 a161 01", "9f 01",
        ] {
            #expect(throws: MessageError.self) { try Transcoded.payload(try Transcoded.hexadecimal(digits), .msgpack) }
        }
        for digits in [
            "9b ffffffffffffffff 01", "bb ffffffffffffffff", "bb 8000000000000000 01 01", "5b ffffffffffffffff",
            "7b 7fffffffffffffff 61", "9a ffffffff", "5f 5b ffffffffffffffff",
        ] {
            #expect(throws: MessageError.self) { try Transcoded.payload(try Transcoded.hexadecimal(digits), .cbor) }
        }
    }

    /// 512 levels are accepted, more are a fault of the payload, however many.
    @Test(arguments: binarySerializers)
    func nesting(_ serializer: SerializerID) throws {
        let list: UInt8 = serializer == .msgpack ? 0x91 : 0x81
        let leaf: UInt8 = serializer == .msgpack ? 0xC0 : 0xF6
        let emptyList: UInt8 = serializer == .msgpack ? 0x90 : 0x80
        // The arguments themselves are the first level.
        #expect(try self.fault([UInt8](repeating: list, count: 511) + [leaf], serializer) == nil)
        #expect(try self.fault([UInt8](repeating: list, count: 510) + [emptyList], serializer) == nil)
        #expect(try self.fault([UInt8](repeating: list, count: 512) + [leaf], serializer) == .tooDeep)
        #expect(try self.fault([UInt8](repeating: list, count: 511) + [emptyList], serializer) == .tooDeep)
        #expect(try self.fault([UInt8](repeating: list, count: 1_000_000) + [leaf], serializer) == .tooDeep)
        #expect(throws: MessageError.self) { try self.fault([UInt8](repeating: list, count: 1_000_000), serializer) }
    }

    @Test func nestingOfIndefiniteLength() throws {
        let depth = 1_000_000
        let open = [UInt8](repeating: 0x9F, count: depth)
        let close = [UInt8](repeating: 0xFF, count: depth)
        #expect(try self.fault(open + close, .cbor) == .tooDeep)
        #expect(throws: MessageError.self) { try self.fault(open + close.dropLast(), .cbor) }
        #expect(throws: MessageError.self) { try self.fault(open + close + [0xFF], .cbor) }
        // Definite and indefinite in turn, with values before and after.
        let mixed = repeated([0x83, 0x01, 0xBF, 0x61, 0x61], 10_000)
        let ends = repeated([0xFF, 0x02], 10_000)
        #expect(try self.fault(mixed + [0x00] + ends, .cbor) == .tooDeep)
        #expect(throws: MessageError.self) { try self.fault(mixed + [0x00] + ends.dropLast(), .cbor) }
        // Many pending values on each level: each needs more than one octet of memory.
        let many = repeated([0x99, 0x01, 0x00, 0x9F], 1000)
        let rest = repeated([0xFF] + [UInt8](repeating: 0, count: 255), 1000)
        #expect(try self.fault(many + rest, .cbor) == .tooDeep)
        // With one value less, the next break is in the middle of a list.
        #expect(throws: MessageError.self) { try self.fault(many + rest.dropLast(), .cbor) }
        let oneLess = rest.prefix(1) + rest.dropFirst(2)
        #expect(throws: MessageError.self) { try self.fault(many + oneLess, .cbor) }
    }

    /// A text that exceeds twice the greatest message can't be used; one below that can.
    @Test(arguments: binarySerializers)
    func growth(_ serializer: SerializerID) throws {
        let limits = DecodingLimits(depth: 512, size: 10_000)
        func controls(_ count: Int) -> [UInt8] {
            let head: [UInt8] = serializer == .msgpack ? [0xDA] : [0x79]
            return head + [UInt8(count >> 8), UInt8(count & 0xFF)] + [UInt8](repeating: 1, count: count)
        }
        let fine = try Transcoded.payload(controls(3_000), serializer, limits: limits)
        #expect(fine.arguments?.readableBytes == 18_004)
        #expect(try Transcoded.payload(controls(4_000), serializer, limits: limits) == Payload(fault: .tooLarge))
        // Binary of the greatest size must pass.
        let binary: [UInt8] =
            (serializer == .msgpack ? [0xC5] : [0x59]) + [0x26, 0xAC] + [UInt8](repeating: 7, count: 9_900)
        #expect(try Transcoded.payload(binary, serializer, limits: limits).fault == nil)
        // A small message may grow without limit.
        let nulls = [UInt8](repeating: serializer == .msgpack ? 0xC0 : 0xF6, count: 1_000)
        let list: [UInt8] = (serializer == .msgpack ? [0xDC] : [0x99]) + [0x03, 0xE8] + nulls
        #expect(try Transcoded.payload(list, serializer).arguments?.readableBytes == 5_003)
        #expect(throws: MessageError(.tooLarge)) {
            try Serializer(serializer, limits: limits).decode(ByteBuffer(repeating: 0, count: 10_001))
        }
    }

    /// The densest messages are slow, but the time for each octet does not grow with their length.
    @Test func dense() throws {
        let halves =
            [0x9A, 0x00, 0x03, 0x0D, 0x40]
            + repeated([0xF9, 0x83, 0xFF], 200_000)
        #expect(try Transcoded.payload(halves, .cbor).fault == nil)
        let tags = [UInt8](repeating: 0xC2, count: 1_000_000) + [0x41, 0x05]
        #expect(try Transcoded.text(tags, .cbor) == "5")
        let pieces = [0x5F] + [UInt8](repeating: 0x40, count: 1_000_000) + [0xFF]
        #expect(try Transcoded.text(pieces, .cbor) == #""\u0000""#)
    }

    private func repeated(_ octets: [UInt8], _ count: Int) -> [UInt8] {
        Array([[UInt8]](repeating: octets, count: count).joined())
    }

    // MARK: Random

    private static let texts: [String] = [
        #"{"a":[1,-2.5,null,true,"x\u0000","é😀"],"b":{"c":"\u0000AQID","d":[]},"n":18446744073709551615}"#,
        #"["\"\\\n",[[[[[]]]]],{"k":{}},-129,65536,"a text of more than thirty-two octets, and so on"]"#,
    ]

    /// Cut anywhere, it is not a message.
    @Test(arguments: binarySerializers)
    func truncated(_ serializer: SerializerID) throws {
        for text in Self.texts {
            let octets = try Transcoded.octets(text, serializer)
            #expect(try self.fault(octets, serializer) == nil)
            for count in 0..<octets.count {
                let error = #expect(throws: MessageError.self) {
                    try Transcoded.payload(Array(octets[..<count]), serializer)
                }
                guard case .unreadable(_, let fault) = error?.code else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(fault.code == .unexpectedEnd)
            }
        }
    }

    /// Random octets, and damaged messages: whatever is accepted is JSON.
    @Test(arguments: binarySerializers, [11, 12] as [UInt64])
    func damaged(_ serializer: SerializerID, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var values = RandomOctets(serializer, seed: seed)
        var accepted = 0
        for _ in 0..<30_000 {
            var octets = values.next()
            for _ in 0..<Int.random(in: 0...3, using: &generator) where !octets.isEmpty {
                let place = Int.random(in: 0..<octets.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: octets[place] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                case 2: octets.remove(at: place)
                default: octets.insert(UInt8.random(in: .min ... .max, using: &generator), at: place)
                }
            }
            guard let payload = try? Transcoded.payload(octets, serializer) else { continue }
            accepted += 1
            if let fault = payload.fault {
                #expect(payload == Payload(fault: fault))
                continue
            }
            let arguments = try present(payload.arguments)
            let traits = try JSON.validate(arguments).traits
            #expect(traits.contains(.containsNUL) == payload.containsNUL)
        }
        #expect(accepted > 3_000)
    }

    @Test(arguments: binarySerializers, [13, 14] as [UInt64])
    func random(_ serializer: SerializerID, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<30_000 {
            let octets = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            _ = try? Serializer(serializer).decode(ByteBuffer(bytes: octets))
            _ = try? Transcoded.payload(octets, serializer)
        }
    }
}
