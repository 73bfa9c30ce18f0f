import NIOCore
import NIOWebSocket
import Testing

@testable import WAMPClient

@Suite struct WebSocketMessageAssemblerTests {
    private func frame(_ opcode: WebSocketOpcode, _ text: String, fin: Bool = true) -> WebSocketFrame {
        WebSocketFrame(fin: fin, opcode: opcode, data: ByteBuffer(string: text))
    }

    private func violation(_ frames: WebSocketFrame..., greatest: Int = 10) -> UInt16? {
        var assembler = WebSocketMessageAssembler(isText: true, greatest: greatest)
        do {
            for frame in frames {
                _ = try assembler.received(frame)
            }
            return nil
        } catch {
            return error.closeCode
        }
    }

    @Test func fragmentsWithControlFramesBetween() throws {
        var assembler = WebSocketMessageAssembler(isText: true, greatest: 10)
        #expect(try assembler.received(self.frame(.text, "abc", fin: false)) == .nothing)
        #expect(assembler.isWithinMessage)
        #expect(try assembler.received(self.frame(.ping, "p")) == .ping(ByteBuffer(string: "p")))
        #expect(try assembler.received(self.frame(.continuation, "", fin: false)) == .nothing)
        #expect(try assembler.received(self.frame(.pong, "")) == .pong)
        #expect(try assembler.received(self.frame(.continuation, "def")) == .message(ByteBuffer(string: "abcdef")))
        #expect(!assembler.isWithinMessage)
        #expect(try assembler.received(self.frame(.text, "0123456789")) == .message(ByteBuffer(string: "0123456789")))
    }

    @Test func violations() {
        var masked = self.frame(.text, "x")
        masked.maskKey = [1, 2, 3, 4]
        #expect(self.violation(masked) == 1002)
        var reserved = self.frame(.text, "x")
        reserved.rsv1 = true
        #expect(self.violation(reserved) == 1002)
        #expect(self.violation(self.frame(.binary, "x")) == 1003)
        #expect(self.violation(self.frame(.continuation, "x")) == 1002)
        #expect(self.violation(self.frame(.text, "x", fin: false), self.frame(.text, "y")) == 1002)
        #expect(self.violation(self.frame(.text, "01234567890")) == 1009)
        #expect(self.violation(self.frame(.text, "0123456789", fin: false), self.frame(.continuation, "0")) == 1009)
        if let unknown = WebSocketOpcode(encodedWebSocketOpcode: 0x3) {
            #expect(self.violation(self.frame(unknown, "x")) == 1002)
        }
    }

    @Test(arguments: [
        ([], 1005, ""), ([0x03, 0xE8], 1000, ""), ([0x03, 0xE9, 0x68, 0x69], 1001, "hi"), ([0x0F, 0xA0], 4000, ""),
    ])
    func closing(_ octets: [UInt8], _ code: UInt16, _ reason: String) throws {
        var assembler = WebSocketMessageAssembler(isText: true, greatest: 10)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer(bytes: octets))
        #expect(try assembler.received(frame) == .close(code: code, reason: reason))
    }

    @Test(arguments: [[0x03], [0x00, 0x00], [0x03, 0xED], [0x03, 0xEC], [0x07, 0xD0], [0xFF, 0xFF]])
    func illegalClosing(_ octets: [UInt8]) {
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer(bytes: octets))
        #expect(self.violation(frame) == 1002)
    }
}
