import Testing

@testable import load

/// What is written in each serializer is what is read.
struct MessageTests {
    private func written(_ wire: Wire, _ body: (inout OutgoingBytes) -> Void) -> [UInt8] {
        var bytes = OutgoingBytes()
        bytes.wire = wire
        bytes.beginFrame()
        body(&bytes)
        bytes.endFrame()
        return Array(bytes.bytes.dropFirst(4))
    }

    @Test(arguments: [
        (Wire.json, Array(#"[70,300,{"acknowledge":true,"a":[1]},"text",70000,5000000000]"#.utf8)),
        (
            .msgpack,
            [0x96, 70, 0xCD, 1, 44, 0x82, 0xAB] + Array("acknowledge".utf8) + [0xC3, 0xA1, 0x61, 0x91, 1, 0xA4]
                + Array("text".utf8) + [0xCE, 0, 1, 0x11, 0x70, 0xCF, 0, 0, 0, 1, 0x2A, 0x05, 0xF2, 0]
        ),
        (
            .cbor,
            [0x86, 0x19, 0, 70, 0x19, 1, 44, 0xA2, 0x6B] + Array("acknowledge".utf8) + [
                0xF5, 0x61, 0x61, 0x81, 1, 0x64,
            ]
                + Array("text".utf8) + [0x1A, 0, 1, 0x11, 0x70, 0x1B, 0, 0, 0, 1, 0x2A, 0x05, 0xF2, 0]
        ),
    ])
    func bothWays(wire: Wire, expected: [UInt8]) {
        let octets = written(wire) {
            $0.beginList(6)
            $0.integer(70)
            $0.integer(300)
            $0.beginDictionary(2)
            $0.key("acknowledge")
            $0.yes()
            $0.key("a")
            $0.beginList(1)
            $0.integer(1)
            $0.endList()
            $0.endDictionary()
            $0.string("text")
            $0.integer(70_000)
            $0.integer(5_000_000_000)
            $0.endList()
        }
        #expect(octets == expected)
        octets.withUnsafeBytes { bytes in
            var cursor = MessageCursor(bytes, wire)
            let head = cursor.beginList() ? [cursor.integer(), cursor.next() ? cursor.integer() : nil] : []
            #expect(head == [70, 300])
            var other = cursor
            #expect(cursor.next() && cursor.objectHasTrue("acknowledge") == true)
            #expect(other.next() && other.objectHasTrue("a") == false)
            #expect(cursor.next() && cursor.string().map { String(decoding: $0, as: UTF8.self) } == "text")
            #expect(cursor.next() && cursor.value()?.count == 5)
            #expect(cursor.next() && cursor.integer() == 5_000_000_000)
            let isOver = !cursor.next()
            #expect(isOver)
        }
    }

    @Test(arguments: [Wire.msgpack, .cbor])
    func whatEndsTooEarlyIsNotSkipped(wire: Wire) {
        let octets = written(wire) {
            $0.beginList(3)
            $0.integer(300)
            $0.string("some text")
            $0.beginDictionary(1)
            $0.key("k")
            $0.integer(70_000)
        }
        for count in 0..<octets.count {
            octets[..<count].withUnsafeBytes { bytes in
                var cursor = MessageCursor(bytes, wire)
                let isSkipped = cursor.skipValue()
                #expect(!isSkipped)
            }
        }
    }
}
