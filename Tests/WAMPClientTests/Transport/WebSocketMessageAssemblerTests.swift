import NIOCore
import NIOWebSocket
import Testing

@testable import WAMPClient

@Suite struct WebSocketMessageAssemblerTests {
    private func frame(_ opcode: WebSocketOpcode, _ text: String, fin: Bool = true) -> WebSocketFrame {
        WebSocketFrame(fin: fin, opcode: opcode, data: ByteBuffer(string: text))
    }

    private func violation(_ frames: WebSocketFrame..., greatest: Int = 10) -> UInt16? {
        var assembler = WebSocketMessageAssembler(accepted: .text, greatest: greatest)
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
        var assembler = WebSocketMessageAssembler(accepted: .text, greatest: 10)
        #expect(try assembler.received(self.frame(.text, "abc", fin: false)) == .nothing)
        #expect(assembler.isWithinMessage)
        #expect(try assembler.received(self.frame(.ping, "p")) == .ping(ByteBuffer(string: "p")))
        #expect(try assembler.received(self.frame(.continuation, "", fin: false)) == .nothing)
        #expect(try assembler.received(self.frame(.pong, "")) == .pong)
        #expect(
            try assembler.received(self.frame(.continuation, "def")) == .message(ByteBuffer(string: "abcdef"), .text))
        #expect(!assembler.isWithinMessage)
        #expect(
            try assembler.received(self.frame(.text, "0123456789")) == .message(ByteBuffer(string: "0123456789"), .text)
        )
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
        var assembler = WebSocketMessageAssembler(accepted: .text, greatest: 10)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer(bytes: octets))
        #expect(try assembler.received(frame) == .close(code: code, reason: reason))
    }

    @Test(arguments: [[0x03], [0x00, 0x00], [0x03, 0xED], [0x03, 0xEC], [0x07, 0xD0], [0xFF, 0xFF]])
    func illegalClosing(_ octets: [UInt8]) {
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer(bytes: octets))
        #expect(self.violation(frame) == 1002)
    }

    /// A reason of a close frame is text too.
    @Test func illegalReason() {
        let octets: [UInt8] = [0x03, 0xE8, 0x68, 0xFF]
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer(bytes: octets))
        #expect(self.violation(frame) == 1007)
    }

    private func frame(_ opcode: WebSocketOpcode, octets: some Sequence<UInt8>, fin: Bool) -> WebSocketFrame {
        WebSocketFrame(fin: fin, opcode: opcode, data: ByteBuffer(bytes: octets))
    }

    /// Text cut in two at each place, also within its characters; and the same without its end.
    @Test func textInFragments() throws {
        let text = "a\u{E9}\u{65E5}\u{1F600}"
        let octets = Array(text.utf8)
        for cut in 0...octets.count {
            var assembler = WebSocketMessageAssembler(accepted: .text, greatest: 20)
            #expect(try assembler.received(self.frame(.text, octets: octets[..<cut], fin: false)) == .nothing)
            let last = self.frame(.continuation, octets: octets[cut...], fin: true)
            #expect(try assembler.received(last) == .message(ByteBuffer(string: text), .text), "cut at \(cut)")
            let short = self.frame(.continuation, octets: octets[cut...].dropLast(), fin: true)
            let first = self.frame(.text, octets: octets[..<min(cut, octets.count - 1)], fin: false)
            #expect(self.violation(first, short, greatest: 20) == 1007, "cut at \(cut)")
        }
    }

    /// What no continuation can mend is refused before the message's last fragment.
    @Test func notUTF8() {
        #expect(self.violation(self.frame(.text, octets: [0x61, 0xFF], fin: true)) == 1007)
        #expect(self.violation(self.frame(.text, octets: [0xED, 0xA0], fin: false)) == 1007)
        #expect(self.violation(self.frame(.text, octets: [0xED], fin: false)) == nil)
        #expect(self.violation(self.frame(.text, octets: [0xED], fin: true)) == 1007)
        // A new message does not continue the text of the one before.
        #expect(
            self.violation(
                self.frame(.text, octets: [0xC3], fin: false), self.frame(.continuation, octets: [0xA9], fin: true),
                self.frame(.text, octets: [0x61], fin: false), self.frame(.continuation, octets: [0x62], fin: true))
                == nil)
    }

    @Test func eitherKind() throws {
        var assembler = WebSocketMessageAssembler(accepted: nil, greatest: 10)
        let octets: [UInt8] = [0xFF, 0x00]
        #expect(
            try assembler.received(self.frame(.binary, octets: octets, fin: true))
                == .message(ByteBuffer(bytes: octets), .binary))
        #expect(try assembler.received(self.frame(.binary, octets: [0xFF], fin: false)) == .nothing)
        #expect(
            try assembler.received(self.frame(.continuation, octets: [0x00], fin: true))
                == .message(ByteBuffer(bytes: octets), .binary))
        #expect(try assembler.received(self.frame(.text, "x")) == .message(ByteBuffer(string: "x"), .text))
    }
}
