import Testing

@testable import load

/// Each serializer reads what it writes.
struct MessageTests {
    private func written(_ wire: Wire, _ body: (inout OutgoingBytes) -> Void) -> [UInt8] {
        var bytes = OutgoingBytes()
        bytes.wire = wire
        bytes.beginFrame()
        body(&bytes)
        bytes.endFrame()
        return Array(bytes.bytes.dropFirst(4))
    }

    private static let text = #"[70,300,{"acknowledge":true,"a":[1]},"text",70000,5000000000]"#
    private static let cases: [(wire: Wire, digits: String)] = [
        (.msgpack, "9646cd012c82ab61636b6e6f776c65646765c3a1619101a474657874ce00011170cf000000012a05f200"),
        (.cbor, "86190046" + "19012ca26b61636b6e6f776c65646765f561618101647465" + "78741a000111701b000000012a05f200"),
        (.json, text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()),
    ]

    @Test(arguments: cases)
    func bothWays(wire: Wire, digits: String) {
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
        #expect(octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == digits)
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
