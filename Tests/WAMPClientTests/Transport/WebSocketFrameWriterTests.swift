import NIOCore
import Testing

@testable import WAMPClient

@Suite struct WebSocketFrameWriterTests {
    @Test(arguments: [0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 70001])
    func lengthsAndMask(_ length: Int) throws {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        // The mask applies to each octet whatever the place in the output buffer.
        for shift in 0..<3 {
            var buffer = ByteBuffer(repeating: 0, count: shift)
            WebSocketFrameWriter.write(.text, payload: ByteBuffer(bytes: payload), mask: 0x0102_03F4, to: &buffer)
            buffer.moveReaderIndex(forwardBy: shift)
            let frames = RouterEnd.webSocketFrames(buffer)
            #expect(frames.count == 1)
            let frame = try #require(frames.first)
            #expect(frame.first == 0x81)
            #expect(frame.isMasked)
            #expect(frame.payload == payload)
        }
    }

    /// RFC 6455 section 5.7: a masked "Hello".
    @Test func example() {
        var buffer = ByteBuffer()
        WebSocketFrameWriter.write(.text, payload: ByteBuffer(string: "Hello"), mask: 0x37FA_213D, to: &buffer)
        #expect(
            Array(buffer.readableBytesView) == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }
}
