import NIOCore
import WAMP

@testable import WAMPClient

/// RawSocket, fed with a router's octets.
///
/// Of the choices, bit 0 is a handshake that has been made already, 1 is TLS, and 2 and 3 are the serializer.
enum RawSocketFuzzer {
    /// Small, so that inputs reach it.
    private static let greatest = 300

    static func run(_ input: [UInt8]) {
        guard let input = Input(input) else { return }
        let serializer = SerializerID(rawValue: input.choices >> 2 & 3) ?? .json
        self.handshake(input, serializer)
        self.frames(input)
        self.channel(input, serializer)
    }

    /// The first four octets.
    private static func handshake(_ input: Input, _ serializer: SerializerID) {
        let handshake = RawSocketHandshake(
            serializer: serializer, greatestMessage: 1 << 20, isSecure: input.chooses(1))
        let outcomes = [input.whole, input.pieces].map { pieces in
            var unread = ByteBuffer()
            for piece in pieces {
                unread.writeImmutableBuffer(piece)
                let action = handshake.received(&unread)
                if action != .wait { return action }
            }
            return .wait
        }
        switch (outcomes[0], outcomes[1]) {
        case (.wait, .wait):
            break
        case (.opened(let one), .opened(let other)):
            hold(one == other && (1 << 9...RawSocketHandshake.mostSent).contains(one), "a limit of \(one)")
        case (.failed(let one), .failed(let other)):
            // The more is there the better is known what it is.
            hold(one.code == other.code, "pieces: \(other), whole: \(one)")
        default:
            hold(false, "pieces: \(outcomes[1]), whole: \(outcomes[0])")
        }
    }

    /// Frames alone: what is taken out is what was in it.
    private static func frames(_ input: Input) {
        let whole = self.frames(input.whole)
        let pieces = self.frames(input.pieces)
        hold(whole.frames == pieces.frames && whole.fault == pieces.fault, "pieces: \(pieces), whole: \(whole)")
        var again = ByteBuffer()
        for frame in whole.frames {
            let (kind, payload): (RawSocketFrame.Kind, ByteBuffer) =
                switch frame {
                case .message(let payload): (.message, payload)
                case .ping(let payload): (.ping, payload)
                case .pong(let payload): (.pong, payload)
                }
            hold(payload.readableBytes <= self.greatest, "a payload of \(payload.readableBytes) octets")
            again.writeInteger(RawSocketFrame.header(kind, length: payload.readableBytes))
            again.writeImmutableBuffer(payload)
        }
        let taken = input.octets.count - whole.rest
        hold(again.readableBytesView.elementsEqual(input.octets.prefix(taken)), "written again it is another")
    }

    private static func frames(_ pieces: [ByteBuffer]) -> (frames: [RawSocketFrame], fault: ConnectionFault?, rest: Int)
    {
        var unread = ByteBuffer()
        var frames: [RawSocketFrame] = []
        do throws(ConnectionFault) {
            for piece in pieces {
                unread.writeImmutableBuffer(piece)
                while let frame = try RawSocketFrame.next(from: &unread, greatest: self.greatest) {
                    frames.append(frame)
                }
            }
        } catch {
            return (frames, error, unread.readableBytes)
        }
        hold(unread.readableBytes < RawSocketFrame.headerLength + self.greatest, "a whole frame is left")
        return (frames, nil, unread.readableBytes)
    }

    /// The channel's handler, with all that it answers.
    private static func channel(_ input: Input, _ serializer: SerializerID) {
        let isOpen = input.chooses(0)
        let outcomes = [input.whole, input.pieces].map { pieces in
            let opening = isOpen ? [ByteBuffer(bytes: [0x7F, 0xF0 | serializer.rawValue, 0, 0])] : []
            return TransportRun.of(opening + pieces) { receiver in
                RawSocketHandler(
                    serializer: serializer, greatestMessage: 1 << 20, unsentBound: 1 << 20, isSecure: input.chooses(1),
                    receiver: receiver)
            }
        }
        hold(outcomes[0] == outcomes[1], "pieces: \(outcomes[1]), whole: \(outcomes[0])")
        hold(outcomes[0].sent == outcomes[1].sent, "another answer to pieces")
        hold(!isOpen || outcomes[0].isOpened, "the handshake is not made")
        hold(outcomes[0].sent.readableBytes <= 4 + input.octets.count, "too long an answer")
    }
}
