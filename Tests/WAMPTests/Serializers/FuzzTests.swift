import NIOCore
import Names
import Testing

@testable import WAMP

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Feeds the decoder with damaged messages. A seed that fails becomes another argument.
@Suite struct FuzzTests {
    private static let corpus: [String] = [
        #"[68,6131533,9823526,{"caller":12,"procedure":"com.a","receive_progress":true},"#
            + #"["a\u0000\n",{"b":[1,-2.5e3]}],{"k":"é😀\ud83d\ude00"}]"#,
        #"[36,5512315355,4429313566,{"topic":"a.b"},[],{"color":"orange","sizes":[23,42,7,null,true,false]}]"#,
        #"[50,7814135,{"progress":true},["\u0000AQID",{}],{}]"#,
        #"[8,48,7814135,{},"com.myapp.error.object_write_protected",["Object is write protected."],{"severity":3}]"#,
        #"[2,9129137332,{"agent":"x","roles":{"broker":{"features":{"a":true}},"dealer":{}}}]"#,
        #"[3,{"message":"The realm does not exist."},"wamp.error.no_such_realm"]"#,
        #"[4,"wampcra",{"challenge":"{\"a\":1}","salt":"s","iterations":1000,"keylen":32}]"#,
        #"[6,{},"wamp.close.normal"]"#, "[17,239714735,4429313566]", "[33,713845233,5512315355]", "[35,85346237]",
        #"[35,0,{"subscription":7,"reason":"x"}]"#, "[65,25349185,2103333224]", "[67,788923562]",
        #"[67,0,{"registration":7}]"#, #"[69,6131533,{"mode":"killnowait"}]"#, "[36,1,2,{},\"\\u0000AQID\"]",
        " [ 68 , 1 , 2.0 , { } , [ [[[[]]]] , \"\\\\\\\"\\/\" ] ] ",
    ]

    private static let fragments: [String] = [
        "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "null", "true", "NaN", "-", "0",
        "1e9",
        ".5", " ", "\n", "\u{0}", "é", "[[[[", "]]]]", "{\"a\":", "\\", "9007199254740993", "\u{7F}", "Infinity",
    ]

    private static func mutated(using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Array((Self.corpus.randomElement(using: &generator) ?? "").utf8)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.remove(at: place)
            case 3:
                let fragment = Self.fragments.randomElement(using: &generator) ?? ""
                bytes.insert(contentsOf: fragment.utf8, at: place)
            case 4: bytes.removeSubrange(place...)
            case 5:
                let end = Int.random(in: place...bytes.count, using: &generator)
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            default:
                let other = Array((Self.corpus.randomElement(using: &generator) ?? "").utf8)
                bytes.replaceSubrange(place..., with: other.suffix(Int.random(in: 0...other.count, using: &generator)))
            }
        }
        return bytes
    }

    @Test(arguments: [1, 2, 3, 0xDEAD_BEEF] as [UInt64])
    func damagedMessages(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<10_000 {
            let bytes = Self.mutated(using: &generator)
            // Both readers agree on strict JSON.
            let isJSON = (try? JSON.validate(ByteBuffer(bytes: bytes))) != nil
            if isJSON != ReferenceJSON.accepts(bytes, depth: 512) {
                Issue.record("judged differently: \(String(decoding: bytes, as: UTF8.self))")
            }
            // In memory of exactly its size, so that the address sanitizer notices a read beyond it.
            let buffer = ByteBuffer(bytes: bytes)
            guard let message = try? Serializer(.json).decode(buffer) else { continue }
            accepted += 1
            // What surrounds a message in memory makes no difference.
            var surrounded = ByteBuffer(string: "\"[{")
            surrounded.writeBytes(bytes)
            surrounded.writeString("]}\"0")
            let slice = try present(surrounded.getSlice(at: 3, length: bytes.count))
            #expect(try Serializer(.json).decode(slice) == message)
            try self.check(message, isJSON: isJSON)
        }
        // The mutations must be gentle enough to try the accepting paths too.
        #expect(accepted > 500)
    }

    /// What was accepted is consistent: details are objects, payloads have the kind that they claim, and can be sent
    /// again.
    private func check(_ message: IncomingMessage, isJSON: Bool) throws {
        let payload: Payload
        switch message {
        case .invocation(let invocation):
            _ = try JSON.members(of: invocation.details.text)
            payload = invocation.payload
        case .event(let event):
            _ = try JSON.members(of: event.details.text)
            payload = event.payload
        case .result(let result): payload = result.payload
        case .error(let error): payload = error.payload
        case .abort(let abort): payload = abort.payload
        case .welcome, .challenge, .goodbye, .published, .subscribed, .unsubscribed, .registered, .unregistered,
            .interrupt, .extension, .strayError:
            return
        }
        if let fault = payload.fault {
            #expect(payload == Payload(fault: fault))
            #expect(fault == .opaque || !isJSON)
            return
        }
        var hasNUL = false
        if let arguments = payload.arguments {
            _ = try JSON.elements(of: arguments)
            hasNUL = try JSON.validate(arguments).traits.contains(.containsNUL)
        }
        if let keywordArguments = payload.keywordArguments {
            _ = try JSON.members(of: keywordArguments)
            hasNUL = try JSON.validate(keywordArguments).traits.contains(.containsNUL) || hasNUL
        }
        #expect(payload.containsNUL == hasNUL)
        let text = encode(.publish(Publish(request: id(1), options: .none, topic: try URI("a"), payload: payload)))
        #expect(ReferenceJSON.accepts(Array(text.utf8), depth: 513))
        try withEnvelope(of: text) { envelope, _, bytes in
            try envelope.check(.publish, bytes)
        }
    }

    /// A truncated message is not a message, wherever it was cut.
    @Test func truncatedMessages() throws {
        for text in Self.corpus {
            let bytes = Array(text.utf8)
            let end = (bytes.lastIndex(of: UInt8(ascii: "]")) ?? 0) + 1
            for count in 0..<end {
                #expect(throws: MessageError.self) { try Serializer(.json).decode(ByteBuffer(bytes: bytes[..<count])) }
            }
            _ = try Serializer(.json).decode(ByteBuffer(bytes: bytes))
        }
    }

    /// Binary is replaced or refused in everything that was accepted, and the result is always JSON without U+0000.
    @Test(arguments: [5, 6] as [UInt64])
    func damagedBinary(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5_000 {
            let text = ByteBuffer(bytes: Self.mutated(using: &generator))
            var buffer = ByteBuffer()
            guard (try? JSON.writeReplacingBinary(text, into: &buffer)) != nil else { continue }
            #expect(!(try JSON.validate(buffer).traits.contains(.containsNUL)))
        }
    }
}
