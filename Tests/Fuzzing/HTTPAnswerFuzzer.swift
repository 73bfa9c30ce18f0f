import NIOCore
import Names
import WAMP

@testable import WAMPClient

/// The head of an HTTP answer: as such, as the answer to a WebSocket's opening, and as an HTTP proxy's.
///
/// Of the choices, 1 puts a very long field ahead, and bit 1 is a proxy that a password is shown to.
enum HTTPAnswerFuzzer {
    /// All of a router's agreement but the serializer (RFC 6455 section 1.3).
    static let agreement =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

    /// What it agrees to.
    static func upgrade(_ serializers: [SerializerID]) -> WebSocketUpgrade {
        WebSocketUpgrade(
            target: "/ws", host: "h:1", agent: "a/1", serializers: serializers, key: "dGhlIHNhbXBsZSBub25jZQ==")
    }

    static func run(_ input: [UInt8]) {
        guard let input = Input(input) else { return }
        let ahead = input.choices == 1 ? [self.long] : []
        let both = [ahead + input.whole, ahead + input.pieces]
        self.reader(both)
        self.upgrade(both)
        self.proxy(both, knowsPassword: input.chooses(1))
    }

    /// What leaves little room.
    private static let long = ByteBuffer(
        string: "HTTP/1.1 200 OK\r\nlong: " + String(repeating: "x", count: HTTPAnswerReader.greatestHead - 200))

    // MARK: - The reader

    private static func reader(_ both: [[ByteBuffer]]) {
        let outcomes = both.map { self.read($0) }
        hold(outcomes[0] == outcomes[1], "pieces: \(outcomes[1]), whole: \(outcomes[0])")
        guard case .answer(let answer) = outcomes[0].action else { return }
        hold((100...599).contains(answer.status), "status \(answer.status)")
        hold(outcomes[0].taken <= HTTPAnswerReader.greatestHead, "a head of \(outcomes[0].taken) octets")
        for field in answer.fields {
            hold(!field.name.isEmpty && field.name == field.name.lowercased(), "a field named \(field.name)")
            hold(field.value.utf8.first != 0x20 && field.value.utf8.last != 0x20, "blanks around '\(field.value)'")
            hold(!field.value.utf8.contains(UInt8(ascii: "\n")), "a value of more than a line")
        }
        var again = "HTTP/1.1 \(answer.status) \(answer.reason)\r\n"
        for field in answer.fields { again += "\(field.name): \(field.value)\r\n" }
        // What was not UTF-8 has become longer.
        let text = ByteBuffer(string: again + "\r\n")
        guard text.readableBytes <= HTTPAnswerReader.greatestHead else { return }
        let reread = self.read([text])
        hold(reread.action == .answer(answer), "written again it is \(reread), not \(answer)")
        hold(reread.taken == text.readableBytes, "written again it ends early")
    }

    private struct Reading: Equatable {
        let action: HTTPAnswerReader.Action
        /// Octets of the head, if there is one.
        let taken: Int
    }

    private static func read(_ pieces: [ByteBuffer]) -> Reading {
        var reader = HTTPAnswerReader()
        var unread = ByteBuffer()
        var count = 0
        for piece in pieces {
            unread.writeImmutableBuffer(piece)
            count += piece.readableBytes
            let action = reader.received(&unread)
            switch action {
            case .wait:
                hold(unread.readableBytes < HTTPAnswerReader.greatestHead, "\(unread.readableBytes) octets wait")
            case .answer: return Reading(action: action, taken: count - unread.readableBytes)
            case .notHTTP, .tooLong: return Reading(action: action, taken: 0)
            }
        }
        return Reading(action: .wait, taken: 0)
    }

    // MARK: - What it is read for

    private static func upgrade(_ both: [[ByteBuffer]]) {
        let actions = both.map { pieces in
            var upgrade = self.upgrade([.json, .cbor])
            var unread = ByteBuffer()
            for piece in pieces {
                unread.writeImmutableBuffer(piece)
                let action = upgrade.received(&unread)
                if action != .wait { return action }
            }
            self.check(upgrade.closed())
            return .wait
        }
        switch (actions[0], actions[1]) {
        case (.failed(let one), .failed(let other)):
            // It has the first line of the body, as far as that came along.
            self.check(one)
            self.check(other)
            hold(one.code == other.code, "pieces: \(other), whole: \(one)")
        case (let one, let other):
            hold(one == other, "pieces: \(other), whole: \(one)")
        }
    }

    private static func proxy(_ both: [[ByteBuffer]], knowsPassword: Bool) {
        let actions = both.map { pieces in
            var handshake = self.handshake(knowsPassword)
            var unread = ByteBuffer()
            for piece in pieces {
                unread.writeImmutableBuffer(piece)
                let action = handshake.received(&unread)
                if action != .wait { return action }
            }
            self.check(handshake.closed())
            return .wait
        }
        switch (actions[0], actions[1]) {
        case (.failed(let one), .failed(let other)):
            self.check(one)
            self.check(other)
            hold(one == other, "pieces: \(other), whole: \(one)")
        case (.failed, .opened):
            // Nothing may follow the head; what comes later is not this one's to see.
            hold(self.read(both[0]).taken < both[0].reduce(0) { $0 + $1.readableBytes }, "nothing follows the head")
        case (let one, let other):
            hold(one == other, "pieces: \(other), whole: \(one)")
        }
    }

    private static func handshake(_ knowsPassword: Bool) -> ProxyHandshake {
        let url = knowsPassword ? "http://user:hunter2@proxy:3128" : "http://proxy:3128"
        do {
            return ProxyHandshake(proxy: try HTTPProxy(url), host: "::1", port: 8080, agent: "a/1")
        } catch {
            fatalError("\(error)")
        }
    }

    private static func check(_ fault: ConnectionFault) {
        hold(fault.message.utf8.count < 4096, "too long a fault")
        hold(fault.message.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "a fault of more than a line")
        hold(!fault.message.contains("hunter2"), "a fault with a password")
    }
}
