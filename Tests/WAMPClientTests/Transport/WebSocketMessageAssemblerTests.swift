import NIOCore
import Testing

@testable import WAMPClient

@Suite struct WebSocketMessageAssemblerTests {
    typealias Action = WebSocketMessageAssembler.Action

    /// First octets of frames.
    private enum First {
        static let text: UInt8 = 0x81
        static let beginningOfText: UInt8 = 0x01
        static let binary: UInt8 = 0x82
        static let beginningOfBinary: UInt8 = 0x02
        static let fragment: UInt8 = 0x00
        static let lastFragment: UInt8 = 0x80
        static let close: UInt8 = 0x88
        static let ping: UInt8 = 0x89
        static let pong: UInt8 = 0x8A
    }

    private static func stream(_ frames: [(UInt8, [UInt8])]) -> ByteBuffer {
        var stream = ByteBuffer()
        for (first, payload) in frames {
            stream.writeImmutableBuffer(RouterEnd.webSocket(payload, first: first))
        }
        return stream
    }

    private func stream(_ frames: (UInt8, String)...) -> ByteBuffer {
        Self.stream(frames.map { ($0, Array($1.utf8)) })
    }

    /// The actions for a stream, without fragments.
    private static func actions(
        _ stream: ByteBuffer, accepted: WebSocketMessageKind? = .text, greatest: Int = 10
    ) throws(WebSocketViolation) -> [Action] {
        var assembler = WebSocketMessageAssembler(accepted: accepted, greatest: greatest)
        var stream = stream
        var actions: [Action] = []
        while let action = try assembler.next(from: &stream) {
            actions.append(action)
        }
        return actions.filter { $0 != .fragment }
    }

    /// The close code for a stream, and how many of its octets were read before it was known.
    private func violation(
        _ stream: ByteBuffer, accepted: WebSocketMessageKind? = .text, greatest: Int = 10
    ) -> (code: UInt16, at: Int)? {
        var assembler = WebSocketMessageAssembler(accepted: accepted, greatest: greatest)
        var unread = ByteBuffer()
        for (index, octet) in stream.readableBytesView.enumerated() {
            unread.writeInteger(octet)
            do {
                while try assembler.next(from: &unread) != nil {}
            } catch {
                // The same, whether it arrives at once or in pieces.
                #expect(throws: error) { try Self.actions(stream, accepted: accepted, greatest: greatest) }
                return (error.closeCode, index + 1)
            }
        }
        return nil
    }

    @Test func fragmentsWithControlFramesBetween() throws {
        let stream = self.stream(
            (First.beginningOfText, "abc"), (First.ping, "p"), (First.fragment, ""), (First.pong, ""),
            (First.lastFragment, "def"), (First.text, "0123456789"), (First.text, ""))
        let expected: [Action] = [
            .ping(ByteBuffer(string: "p")), .pong, .message(ByteBuffer(string: "abcdef"), .text),
            .message(ByteBuffer(string: "0123456789"), .text), .message(ByteBuffer(), .text),
        ]
        #expect(try Self.actions(stream) == expected)
    }

    @Test func isWithinMessage() throws {
        var assembler = WebSocketMessageAssembler(accepted: .text, greatest: 10)
        var stream = self.stream((First.beginningOfText, "a"), (First.lastFragment, "b"))
        #expect(!assembler.isWithinMessage)
        #expect(try assembler.next(from: &stream) == .fragment)
        #expect(assembler.isWithinMessage)
        #expect(try assembler.next(from: &stream) == .message(ByteBuffer(string: "ab"), .text))
        #expect(!assembler.isWithinMessage)
        stream = ByteBuffer(bytes: [First.text, 5, 0x61])
        #expect(try assembler.next(from: &stream) == nil)
        #expect(assembler.isWithinMessage)
    }

    /// Messages with lengths in all encodings, as text in several languages, whole and in fragments, cut at each place.
    @Test func everySplitPoint() throws {
        let long = String(repeating: "\u{E9}\u{65E5}\u{1F600}x", count: 20)
        var frames = [(First.text, Array("a\u{E9}\u{65E5}\u{1F600}".utf8)), (First.text, Array(long.utf8))]
        let octets = Array(long.utf8)
        frames += [
            (First.beginningOfText, Array(octets[..<3])), (First.fragment, Array(octets[3..<150])),
            (First.ping, [0xFF]), (First.lastFragment, Array(octets[150...])), (First.close, [0x03, 0xE8, 0x78]),
        ]
        let stream = Self.stream(frames)
        let expected = try Self.actions(stream, greatest: 300)
        #expect(expected.count == 5)
        #expect(expected[3] == .message(ByteBuffer(string: long), .text))
        for cut in 0...stream.readableBytes {
            var assembler = WebSocketMessageAssembler(accepted: .text, greatest: 300)
            var unread = ByteBuffer()
            var actions: [Action] = []
            for piece in [stream.readableBytesView.prefix(cut), stream.readableBytesView.dropFirst(cut)] {
                unread.writeBytes(piece)
                while let action = try assembler.next(from: &unread) {
                    actions.append(action)
                }
            }
            #expect(actions.filter { $0 != .fragment } == expected, "cut at \(cut)")
        }
    }

    @Test(arguments: [126, 0xFFFF, 0x10000]) func longLengths(_ length: Int) throws {
        let text = String(repeating: "x", count: length)
        #expect(
            try Self.actions(self.stream((First.text, text)), greatest: length)
                == [.message(ByteBuffer(string: text), .text)])
    }

    /// The violation, and the octet of the stream at which it is known: at the latest the last one of the header.
    @Test(arguments: [
        ([0xC1, 0x01], 1002, 2), ([0xA1, 0x01], 1002, 2), ([0x91, 0x01], 1002, 2), ([0x83, 0x01], 1002, 2),
        ([0x8B, 0x01], 1002, 2), ([0x81, 0x81], 1002, 2), ([0x82, 0x01], 1003, 2), ([0x80, 0x01], 1002, 2),
        ([0x00, 0x01], 1002, 2), ([0x01, 0x00, 0x81, 0x01], 1002, 4), ([0x01, 0x00, 0x01, 0x01], 1002, 4),
        ([0x09, 0x00], 1002, 2), ([0x89, 0x7E], 1002, 2), ([0x88, 0x7F], 1002, 2),
        ([0x81, 0x7E, 0x00, 0x05], 1002, 4), ([0x81, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 1002, 10),
        ([0x81, 0x7F] + Array(repeating: 0xFF, count: 8), 1002, 10),
        ([0x81, 0x7F, 0x7F] + Array(repeating: 0xFF, count: 7), 1009, 10),
        ([0x01, 0x06] + Array("123456".utf8) + [0x80, 0x7F, 0x7F] + Array(repeating: 0xFF, count: 7), 1009, 18),
    ])
    func violations(_ octets: [UInt8], _ code: UInt16, _ place: Int) throws {
        let found = try #require(self.violation(ByteBuffer(bytes: octets)))
        #expect(found.code == code)
        #expect(found.at == place)
    }

    /// A message that is too long is skipped, whole or in fragments, however it arrives; the next one is accepted.
    @Test(arguments: [
        [[0x81, 0x0B] + Array("01234567890".utf8)],
        [[0x01, 0x06] + Array("012345".utf8), [0x89, 0x00], [0x80, 0x05] + Array("67890".utf8)],
        [[0x01, 0x0B] + Array("01234567890".utf8), [0x00, 0x01, 0xFF], [0x80, 0x00]],
    ])
    func tooLong(_ frames: [[UInt8]]) throws {
        let octets = frames.flatMap { $0 } + [0x81, 0x02] + Array("ok".utf8)
        var assembler = WebSocketMessageAssembler(accepted: .text, greatest: 10)
        var unread = ByteBuffer()
        var actions: [Action] = []
        for octet in octets {
            unread.writeInteger(octet)
            while let action = try assembler.next(from: &unread) { actions.append(action) }
        }
        actions.removeAll { $0 == .fragment || $0 == .ping(ByteBuffer()) }
        #expect(actions == [.tooLong(ByteBuffer(string: "01234567890")), .message(ByteBuffer(string: "ok"), .text)])
        #expect(!assembler.isWithinMessage && unread.readableBytes == 0)
        #expect(try Self.actions(ByteBuffer(bytes: octets)).filter { $0 != .ping(ByteBuffer()) } == actions)
    }

    /// None of it is kept while it arrives.
    @Test func tooLongAndEndless() throws {
        var assembler = WebSocketMessageAssembler(accepted: .text, greatest: 1000)
        var unread = ByteBuffer(bytes: [0x81, 0x7F, 0, 0, 0, 0, 0x40, 0, 0, 0])
        for _ in 0..<100 {
            unread.writeRepeatingByte(0x20, count: 10_000)
            while let action = try assembler.next(from: &unread) {
                guard case .tooLong(let beginning) = action else { Issue.record("\(action)"); return }
                #expect(beginning.readableBytes == WebSocketMessageAssembler.beginning)
            }
            #expect(unread.readableBytes == 0)
        }
    }

    /// Text that is not UTF-8 is found at the first octet that nothing can repair, or at the end.
    @Test(arguments: [
        ([0x81, 0x05, 0x61, 0xFF], 4), ([0x81, 0x05, 0xED, 0xA0], 4), ([0x81, 0x05, 0xF4, 0x90], 4),
        ([0x81, 0x01, 0xC3], 3), ([0x01, 0x01, 0xC3, 0x80, 0x05, 0x28], 6), ([0x01, 0x02, 0x61, 0x80, 0x80], 4),
        ([0x01, 0x01, 0xC3, 0x80, 0x00], 5), ([0x01, 0x01, 0xC3, 0x00, 0x01, 0xA9, 0x80, 0x02, 0xE2, 0x82], 10),
    ])
    func notUTF8(_ octets: [UInt8], _ place: Int) throws {
        let found = try #require(self.violation(ByteBuffer(bytes: octets)))
        #expect(found.code == 1007)
        #expect(found.at == place)
    }

    /// Earlier messages do not affect the next one: a character at the end of a fragment, or a binary message.
    @Test func messagesAreIndependent() throws {
        let stream = Self.stream([
            (First.beginningOfText, [0xC3]), (First.lastFragment, [0xA9]), (First.beginningOfBinary, [0xC3]),
            (First.lastFragment, [0xFF]), (First.beginningOfText, [0x61]), (First.lastFragment, [0xC3, 0xA9]),
        ])
        let expected: [Action] = [
            .message(ByteBuffer(string: "\u{E9}"), .text), .message(ByteBuffer(bytes: [0xC3, 0xFF]), .binary),
            .message(ByteBuffer(string: "a\u{E9}"), .text),
        ]
        #expect(try Self.actions(stream, accepted: nil) == expected)
        #expect(self.violation(stream, accepted: .binary)?.code == 1003)
        #expect(self.violation(stream, accepted: .text)?.code == 1003)
    }

    @Test(arguments: [
        ([], 1005, ""), ([0x03, 0xE8], 1000, ""), ([0x03, 0xE9, 0x68, 0x69], 1001, "hi"), ([0x0F, 0xA0], 4000, ""),
    ])
    func closing(_ octets: [UInt8], _ code: UInt16, _ reason: String) throws {
        #expect(try Self.actions(Self.stream([(First.close, octets)])) == [.close(code: code, reason: reason)])
    }

    @Test(
        arguments: [
            ([0x03], 1002), ([0x00, 0x00], 1002), ([0x03, 0xED], 1002), ([0x03, 0xEC], 1002), ([0x07, 0xD0], 1002),
            ([0xFF, 0xFF], 1002), ([0x03, 0xE8, 0x68, 0xFF], 1007), ([0x03, 0xE8, 0xC3], 1007),
        ] as [([UInt8], UInt16)])
    func illegalClosing(_ octets: [UInt8], _ code: UInt16) {
        #expect(self.violation(Self.stream([(First.close, octets)]))?.code == code)
    }
}
