import Glibc
import NIOCore
import WAMP

/// How fast each serializer decodes and encodes messages, on one thread: printed as a table, a message in each row.
///
/// The figures are MiB of *JSON text* a second of processor time, whatever the octets on the wire, so that they can be
/// compared: JSON is scanned when it is received and copied when it is sent, the others are transcoded.
@main
enum Transcoding {
    static func main() {
        var seconds = 0.3
        if CommandLine.argc > 1, let given = Double(CommandLine.arguments[1]), given > 0 { seconds = given }
        print("| message | | JSON | MessagePack | ratio | CBOR | ratio |")
        print("|---|---|---|---|---|---|---|")
        for sample in Sample.all {
            for direction in Direction.allCases {
                // In turn, the best of three: other work can only make it slower.
                var best: [SerializerID: Double] = [:]
                for _ in 0..<3 {
                    for serializer in SerializerID.allCases {
                        let rate = sample.rate(direction, serializer, seconds: seconds)
                        best[serializer] = max(best[serializer] ?? 0, rate)
                    }
                }
                let json = best[.json] ?? 1
                var row = "| \(sample.name) | \(direction) | \(Int(json))"
                for serializer in [SerializerID.msgpack, .cbor] {
                    let rate = best[serializer] ?? 0
                    let hundredths = Int((rate / json * 100).rounded())
                    let fraction = hundredths % 100
                    row += " | \(Int(rate)) | \(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
                }
                print(row + " |")
            }
        }
    }
}

/// From the wire or to it.
enum Direction: String, CaseIterable, CustomStringConvertible {
    case decoding, encoding

    var description: String { self.rawValue }
}

/// A payload, and how often it can be processed in a second.
struct Sample {
    let name: String
    let arguments: ByteBuffer

    static let all: [Sample] = [
        Sample("a call of two numbers", "[1,7]"),
        Sample("an order of 1 KiB", "[\(order)]"),
        Sample("a list of 1000 orders", "[[\(Array(repeating: order, count: 1000).joined(separator: ","))]]"),
        Sample("text of 64 KiB", "[\"\(String(repeating: "Nothing but plain text. ", count: 2731))\"]"),
        Sample("text of 64 KiB, not ASCII", "[\"\(String(repeating: "größer als früher, ", count: 3121))\"]"),
        Sample(
            "10,000 integers",
            "[[\((0..<10_000).map { String($0 &* 2_654_435_761 & 0xFFFFF) }.joined(separator: ","))]]"),
        Sample("10,000 fractions", "[[\((0..<10_000).map { "\(Double($0) / 64)" }.joined(separator: ","))]]"),
        Sample("binary of 64 KiB", binary(1 << 16)),
    ]

    private static let order: String = {
        let items = (1...8).map {
            #"{"id":\#($0 * 4711),"name":"Article number \#($0)","price":\#($0 * 3).95,"#
                + #""tags":["new","blue"],"stock":null}"#
        }
        return #"{"order":4711471147,"customer":"Jane Doe","paid":true,"items":[\#(items.joined(separator: ","))]}"#
    }()

    private static func binary(_ count: Int) -> String {
        var buffer = ByteBuffer(string: "[")
        JSON.write(binary: [UInt8](repeating: 0xA5, count: count), into: &buffer)
        return String(buffer: buffer) + "]"
    }

    private init(_ name: String, _ arguments: String) {
        self.name = name
        self.arguments = ByteBuffer(string: arguments)
    }

    /// MiB of text a second.
    func rate(_ direction: Direction, _ id: SerializerID, seconds: Double) -> Double {
        let serializer = Serializer(id)
        guard let request = RequestID(4711) else { return 0 }
        let yield = Yield(request: request, payload: Payload(arguments: self.arguments))
        var message = ByteBuffer()
        serializer.encode(yield, into: &message)
        let incoming = self.incoming(message, id)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(4 * self.arguments.readableBytes + 1024)
        var count = 0
        let began = Self.processorSeconds
        let batch = max(1, 20_000 / self.arguments.readableBytes)
        var elapsed = 0.0
        while elapsed < seconds {
            for _ in 0..<batch {
                switch direction {
                case .decoding:
                    guard case .invocation(let invocation) = try? serializer.decode(incoming),
                        invocation.payload.arguments?.readableBytes == self.arguments.readableBytes
                    else { return 0 }
                case .encoding:
                    buffer.clear()
                    serializer.encode(yield, into: &buffer)
                }
            }
            count += batch
            elapsed = Self.processorSeconds - began
        }
        return Double(count * self.arguments.readableBytes) / elapsed / 1_048_576
    }

    /// The processor time of this process: other work on the machine does not count.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The YIELD's arguments in an INVOCATION.
    private func incoming(_ yield: ByteBuffer, _ id: SerializerID) -> ByteBuffer {
        var arguments = yield
        var message = ByteBuffer()
        switch id {
        case .json:
            arguments.moveReaderIndex(forwardBy: "[70,4711,{},".utf8.count)
            message.writeString("[68,4711,3,{},")
        case .msgpack:
            arguments.moveReaderIndex(forwardBy: 6)
            message.writeBytes([0x95, 68, 0xCD, 0x12, 0x67, 3, 0x80])
        case .cbor:
            arguments.moveReaderIndex(forwardBy: 7)
            message.writeBytes([0x85, 0x18, 68, 0x19, 0x12, 0x67, 3, 0xA0])
        }
        message.writeImmutableBuffer(arguments)
        return message
    }
}
