import TestChecks
import Testing

@testable import Sidecar

@Suite("How long the head of a request is")
struct HeadMeterTests {
    private static let line = "GET /live HTTP/1.1\r\n"

    @Test("a head of the limit is fine, one octet more is too large", arguments: ["\r\n", "\n"])
    func fields(end: String) {
        let room = HeadMeter.limit - Self.line.utf8.count - 2 * end.utf8.count
        var meter = HeadMeter()
        check(meter.read("\(Self.line)\(String(repeating: "x", count: room))\(end)\(end)".utf8), nil)
        var other = HeadMeter()
        check(other.read("\(Self.line)\(String(repeating: "x", count: room + 1))\(end)\(end)".utf8), .fields)
    }

    @Test("a first line without an end is too long")
    func target() {
        var meter = HeadMeter()
        check(meter.read(String(repeating: "x", count: HeadMeter.limit).utf8), nil)
        check(meter.read("x".utf8), .target)
    }

    @Test("each head has the limit, in whatever pieces they come")
    func many() {
        let head = "\(Self.line)Host: a\r\n\r\n"
        for size in [1, 2, 3, 7, head.utf8.count] {
            var meter = HeadMeter()
            let octets = Array(String(repeating: head, count: 1 + 2 * HeadMeter.limit / head.utf8.count).utf8)
            for start in stride(from: 0, to: octets.count, by: size) {
                check(meter.read(octets[start..<min(start + size, octets.count)]), nil)
            }
            check(meter, HeadMeter())
        }
    }
}
