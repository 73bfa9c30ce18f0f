import NIOCore
import Testing
import WAMP

@testable import WAMPClient

@Suite struct RawSocketHandshakeTests {
    private func answer(_ octets: [UInt8]) -> RawSocketHandshake.Action {
        var buffer = ByteBuffer(bytes: octets)
        return RawSocketHandshake(serializer: .json, greatestMessage: 1 << 24).received(&buffer)
    }

    private func fault(_ octets: [UInt8]) -> String {
        guard case .failed(let fault) = self.answer(octets) else { return "no fault" }
        return fault.message
    }

    @Test(arguments: [
        (1 << 24, 0xF1), ((1 << 24) - 1, 0xE1), (1 << 16, 0x71), (0, 0x71), (Int.max, 0xF1), (Int.min, 0x71),
    ])
    func asks(_ greatest: Int, _ second: Int) {
        let handshake = RawSocketHandshake(serializer: .json, greatestMessage: greatest)
        #expect(handshake.request == [0x7F, UInt8(second), 0, 0])
    }

    @Test func agrees() {
        #expect(self.answer([0x7F, 0xF1, 0, 0]) == .opened(greatestMessage: (1 << 24) - 1))
        #expect(self.answer([0x7F, 0x01, 0, 0]) == .opened(greatestMessage: 512))
        #expect(self.answer([0x7F, 0x71, 9, 9]) == .opened(greatestMessage: 1 << 16))
    }

    @Test func waitsForFourOctets() {
        #expect(self.answer([]) == .wait)
        #expect(self.answer([0x7F]) == .wait)
        #expect(self.answer([0x7F, 0xF1, 0]) == .wait)
    }

    @Test func leavesWhatFollows() {
        var buffer = ByteBuffer(bytes: [0x7F, 0xF1, 0, 0, 1, 2])
        _ = RawSocketHandshake(serializer: .json, greatestMessage: 1 << 24).received(&buffer)
        #expect(buffer == ByteBuffer(bytes: [1, 2]))
    }

    @Test(arguments: SerializerID.allCases)
    func serializers(_ serializer: SerializerID) {
        let handshake = RawSocketHandshake(serializer: serializer, greatestMessage: 1 << 24)
        #expect(handshake.request == [0x7F, 0xF0 | serializer.rawValue, 0, 0])
        for answered in SerializerID.allCases {
            var buffer = ByteBuffer(bytes: [0x7F, 0xF0 | answered.rawValue, 0, 0])
            let isOpened = handshake.received(&buffer) == .opened(greatestMessage: RawSocketHandshake.mostSent)
            #expect(isOpened == (answered == serializer))
        }
    }

    @Test func refusals() {
        #expect(self.fault([0x7F, 0x10, 0, 0]).contains("refused the serializer"))
        #expect(self.fault([0x7F, 0x20, 0, 0]).contains("length"))
        #expect(self.fault([0x7F, 0x30, 0, 0]).contains("reserved"))
        #expect(self.fault([0x7F, 0x40, 0, 0]).contains("as many as it takes"))
        #expect(self.fault([0x7F, 0x90, 0, 0]).contains("unknown error 9"))
        #expect(self.fault([0x7F, 0xF2, 0, 0]).contains("not asked for (2)"))
        #expect(self.fault(Array("HTTP/1.1 400".utf8)).contains("write ws://"))
        #expect(self.fault(Array("HT".utf8)).contains("write ws://"))
        #expect(self.fault(Array("SSH-2.0".utf8)).contains("not RawSocket"))
    }
}
