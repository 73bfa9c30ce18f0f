import Glibc
import Testing

@testable import load

/// A peer that has already sent all of its messages, and the router's end of its session.
final class ScriptedPeer {
    private let router: RouterEnd
    private let descriptor: Int32

    /// - Parameters:
    ///   - messages: the texts that it has sent.
    ///   - isSilent: it has shut its side down afterwards, but still reads.
    init(saying messages: [String], thenNothing isSilent: Bool = false) throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        descriptor = ends[1]
        router = RouterEnd(connection: try Connection(descriptor: ends[0]))
        var frames = OutgoingBytes()
        for message in messages {
            frames.beginFrame()
            frames.append(Array(message.utf8))
            frames.endFrame()
        }
        try #require(write(descriptor, frames.bytes, frames.bytes.count) == frames.bytes.count)
        if isSilent { try #require(shutdown(descriptor, Int32(SHUT_WR)) == 0) }
    }

    deinit {
        close(descriptor)
    }

    /// Lets the router's end work on the session, which the peer does not close before.
    func meet<Value>(_ body: (RouterEnd) throws -> Value) rethrows -> Value {
        try withExtendedLifetime(self) { try body(router) }
    }

    /// The messages that were sent to it, and were not returned yet.
    func heard() -> [String] {
        var bytes = [UInt8](repeating: 0, count: 100_000)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        var rest = bytes.prefix(max(0, count))
        var messages: [String] = []
        while rest.count >= 4 {
            let length = rest.dropFirst().prefix(3).reduce(0) { $0 << 8 | Int($1) }
            messages.append(String(decoding: rest.dropFirst(4).prefix(length), as: UTF8.self))
            rest = rest.dropFirst(4 + length)
        }
        return messages
    }
}
