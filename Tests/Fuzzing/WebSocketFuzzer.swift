import NIOCore
import WAMP

@testable import WAMPClient

/// WebSocket's frames, in both directions.
///
/// Of the choices, bits 0 and 1 are the serializer, which fixes the kind of messages (none: either), and 2 has what is
/// sent be long.
enum WebSocketFuzzer {
    /// Small, so that inputs reach it.
    private static let greatest = 300

    static func run(_ input: [UInt8]) {
        guard let input = Input(input) else { return }
        let serializer = SerializerID(rawValue: input.choices & 3)
        let whole = Assembly(input.whole, accepted: serializer?.messageKind, greatest: self.greatest)
        let pieces = Assembly(input.pieces, accepted: serializer?.messageKind, greatest: self.greatest)
        hold(whole == pieces, "pieces: \(pieces), whole: \(whole)")
        for action in whole.actions { self.check(action, accepted: serializer?.messageKind) }
        self.channel(input, serializer, whole)
        let payload = ByteBuffer(bytes: input.octets)
        let long = (0..<(input.chooses(2) ? 20 : 0)).reduce(into: payload) { long, _ in
            long.writeImmutableBuffer(payload)
        }
        self.sendAndReceive(long, .binary)
    }

    private static func check(_ action: WebSocketMessageAssembler.Action, accepted: WebSocketMessageKind?) {
        switch action {
        case .fragment, .pong:
            break
        case .tooLong(let beginning):
            hold(beginning.readableBytes <= WebSocketMessageAssembler.beginning, "too long a beginning")
        case .message(let message, let kind):
            hold(message.readableBytes <= self.greatest, "a message of \(message.readableBytes) octets")
            hold(kind == accepted ?? kind, "a message of the other kind")
            let isText = String(validating: message.readableBytesView, as: UTF8.self) != nil
            hold(kind == .binary || isText, "a text that is not UTF-8")
            self.sendAndReceive(message, kind)
        case .ping(let payload):
            hold(payload.readableBytes <= 125, "a ping of \(payload.readableBytes) octets")
        case .close(let code, let reason):
            hold((1000..<5000).contains(code) && reason.utf8.count <= 123, "closed with \(code)")
        }
    }

    /// A message as it is sent, and as a router would send it back.
    private static func sendAndReceive(_ message: ByteBuffer, _ kind: WebSocketMessageKind) {
        var sent = ByteBuffer()
        let mask = UInt32(truncatingIfNeeded: message.readableBytes &* 0x9E37_79B9)
        WebSocketFrameWriter.write(kind == .text ? .text : .binary, payload: message, mask: mask, to: &sent)
        let frames = ClientFrame.all(sent)
        hold(frames.count == 1 && frames[0].payload == message, "what is sent is another")
        hold(frames[0].first == (kind == .text ? 0x81 : 0x82), "what is sent is of another kind")
        let back = Assembly([frames[0].fromServer], accepted: kind, greatest: message.readableBytes)
        hold(back.actions == [.message(message, kind)], "what was sent comes back as \(back)")
    }

    /// The channel's handler makes of it what the assembler does, and answers.
    private static func channel(_ input: Input, _ serializer: SerializerID?, _ assembly: Assembly) {
        var answer = HTTPAnswerFuzzer.agreement
        if let serializer { answer += "Sec-WebSocket-Protocol: \(serializer.subprotocol)\r\n" }
        let opening = ByteBuffer(string: answer + "\r\n")
        for pieces in [input.whole, input.pieces] {
            let run = TransportRun.of([opening] + pieces) { receiver in
                WebSocketHandler(
                    upgrade: HTTPAnswerFuzzer.upgrade(serializer.map { [$0] } ?? []), greatestMessage: self.greatest,
                    unsentBound: 1 << 20, receiver: receiver)
            }
            hold(run.isOpened, "the handshake is not made: \(run)")
            hold(run.messages == assembly.messages, "the assembler makes \(assembly), the channel \(run)")
            let sent = ClientFrame.all(run.sent)
            hold(sent.map(\.first) == assembly.answers.map(\.first), "other answers")
            hold(sent.map(\.payload) == assembly.answers.map(\.payload), "other answers")
        }
    }
}

/// What the assembler makes of frames that come in pieces.
private struct Assembly: Equatable {
    private(set) var actions: [WebSocketMessageAssembler.Action] = []
    private(set) var violation: WebSocketViolation?

    init(_ pieces: [ByteBuffer], accepted: WebSocketMessageKind?, greatest: Int) {
        var assembler = WebSocketMessageAssembler(accepted: accepted, greatest: greatest)
        var unread = ByteBuffer()
        do throws(WebSocketViolation) {
            for piece in pieces {
                unread.writeImmutableBuffer(piece)
                while let action = try assembler.next(from: &unread) {
                    self.actions.append(action)
                    if case .close = action { return }
                }
                hold(unread.readableBytes < greatest + 10, "\(unread.readableBytes) octets wait")
            }
        } catch {
            self.violation = error
        }
    }

    var messages: [ByteBuffer] {
        self.actions.compactMap { if case .message(let message, _) = $0 { message } else { nil } }
    }

    /// What a client says to it.
    var answers: [ClientFrame] {
        var answers: [ClientFrame] = []
        for action in self.actions {
            switch action {
            case .ping(let payload): answers.append(ClientFrame(first: 0x8A, payload: payload))
            case .close(let code, _): answers.append(.close(code == 1005 ? 1000 : code))
            case .fragment, .tooLong, .message, .pong: break
            }
        }
        return answers + (self.violation.map { [.close($0.closeCode)] } ?? [])
    }
}

/// A frame as a client sends it.
private struct ClientFrame {
    let first: UInt8
    let payload: ByteBuffer

    static func close(_ code: UInt16) -> ClientFrame {
        ClientFrame(first: 0x88, payload: ByteBuffer(integer: code))
    }

    /// Takes what was sent apart; all of it has to be whole frames, each masked.
    static func all(_ sent: ByteBuffer) -> [ClientFrame] {
        var sent = sent
        var frames: [ClientFrame] = []
        while let first = sent.readInteger(as: UInt8.self) {
            let second = sent.readInteger(as: UInt8.self) ?? 0
            hold(second & 0x80 != 0, "a frame without a mask")
            let length =
                switch second & 0x7F {
                case 126: sent.readInteger(as: UInt16.self).map { Int($0) }
                case 127: sent.readInteger(as: UInt64.self).map { Int($0) }
                default: Int(second & 0x7F)
                }
            guard let length, let mask = sent.readBytes(length: 4), let octets = sent.readBytes(length: length) else {
                hold(false, "half a frame")
                break
            }
            let payload = octets.indices.map { octets[$0] ^ mask[$0 % 4] }
            frames.append(ClientFrame(first: first, payload: ByteBuffer(bytes: payload)))
        }
        return frames
    }

    /// The same as a server sends it.
    var fromServer: ByteBuffer {
        var frame = ByteBuffer(bytes: [self.first])
        let length = self.payload.readableBytes
        switch length {
        case ...125:
            frame.writeInteger(UInt8(length))
        case ...0xFFFF:
            frame.writeInteger(126 as UInt8)
            frame.writeInteger(UInt16(length))
        default:
            frame.writeInteger(127 as UInt8)
            frame.writeInteger(UInt64(length))
        }
        frame.writeImmutableBuffer(self.payload)
        return frame
    }
}
