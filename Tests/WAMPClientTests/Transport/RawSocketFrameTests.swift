import NIOCore
import Testing

@testable import WAMPClient

@Suite struct RawSocketFrameTests {
    private func next(_ octets: [UInt8], greatest: Int = 1 << 24) throws -> RawSocketFrame? {
        var buffer = ByteBuffer(bytes: octets)
        return try RawSocketFrame.next(from: &buffer, greatest: greatest)
    }

    @Test func kinds() throws {
        #expect(try self.next([0, 0, 0, 2, 7, 8]) == .message(ByteBuffer(bytes: [7, 8])))
        #expect(try self.next([1, 0, 0, 1, 7]) == .ping(ByteBuffer(bytes: [7])))
        #expect(try self.next([2, 0, 0, 0]) == .pong(ByteBuffer()))
        #expect(try self.next([0, 0, 0, 0]) == .message(ByteBuffer()))
    }

    @Test func incomplete() throws {
        for count in 0..<6 {
            #expect(try self.next(Array([0, 0, 0, 2, 7, 8].prefix(count))) == nil)
        }
    }

    @Test(arguments: [[3, 0, 0, 0], [7, 0, 0, 0], [0x10, 0, 0, 0], [0x80, 0, 0, 0], [0x48, 0x54, 0x54, 0x50]])
    func garbage(_ octets: [Int]) {
        #expect(throws: ConnectionFault.self) { try self.next(octets.map { UInt8($0) }) }
    }

    @Test func tooLong() throws {
        #expect(throws: ConnectionFault.self) { try self.next([0, 1, 0, 1], greatest: 1 << 16) }
        #expect(try self.next([0, 1, 0, 0], greatest: 1 << 16) == nil)
        #expect(throws: ConnectionFault.self) { try self.next([8, 0, 0, 1]) }
        #expect(throws: ConnectionFault.self) { try self.next([8, 0, 0, 0], greatest: 1 << 23) }
    }

    /// The 25th bit: a payload of exactly 2^24 octets.
    @Test func longest() throws {
        var buffer = ByteBuffer(bytes: [8, 0, 0, 0])
        #expect(try RawSocketFrame.next(from: &buffer, greatest: 1 << 24) == nil)
        buffer.writeRepeatingByte(0x20, count: 1 << 24)
        guard case .message(let message) = try RawSocketFrame.next(from: &buffer, greatest: 1 << 24) else {
            Issue.record("no message")
            return
        }
        #expect(message.readableBytes == 1 << 24)
        #expect(buffer.readableBytes == 0)
    }

    @Test func header() {
        #expect(RawSocketFrame.header(.message, length: 0x123456) == 0x0012_3456)
        #expect(RawSocketFrame.header(.pong, length: 1) == 0x0200_0001)
    }
}
