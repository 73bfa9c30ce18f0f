import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestChecks
import Testing

@testable import Sidecar

@Suite("A connection to the admin port")
struct AdminConnectionTests {
    private final class Fixture: AdminConnectionOwner {
        let channel = EmbeddedChannel()
        var answers = 0
        var ends = 0
        var size = 2

        init() throws {
            let connection = AdminConnection(number: 1, owner: self) { [unowned self] request in
                request.path == "/live"
                    ? .text(.ok, String(repeating: "x", count: self.size)) : .text(.notFound, request.path)
            }
            try self.channel.pipeline.syncOperations.addHandlers([
                HeadGuard(), HTTPResponseEncoder(), ByteToMessageHandler(HTTPRequestDecoder()), connection,
            ])
            try self.channel.connect(to: SocketAddress(unixDomainSocketPath: "/a")).wait()
        }

        func answered(_ connection: AdminConnection) { self.answers += 1 }
        func ended(_ connection: AdminConnection) { self.ends += 1 }

        var eventLoop: EmbeddedEventLoop { self.channel.embeddedEventLoop }

        func send(_ text: String) {
            _ = try? self.channel.writeInbound(ByteBuffer(string: text))
        }

        /// What was written since last asked.
        func written() -> String {
            var text = ""
            while let buffer = try? self.channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
            return text
        }

        /// The status of each answer.
        func statuses() -> [String] {
            self.written().split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
        }
    }

    private static let live = "GET /live HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("an answer, whole")
    func answer() throws {
        let fixture = try Fixture()
        fixture.send(Self.live)
        check(
            fixture.written(),
            """
            HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\
            Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\nxx\n
            """)
        fixture.send("HEAD /live HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = fixture.written()
        check(head.contains("Content-Length: 3\r\n") && head.hasSuffix("\r\n\r\n"), true)
        check(fixture.answers, 2)
        check(fixture.channel.isActive, true)
    }

    @Test("requests in pieces, and several at once")
    func pieces() throws {
        let fixture = try Fixture()
        for character in Self.live { fixture.send(String(character)) }
        fixture.send(Self.live + "GET /no HTTP/1.1\r\nHost: a\r\n\r\n" + Self.live)
        check(fixture.statuses(), ["200", "200", "404", "200"])
        check(fixture.channel.isActive, true)
    }

    @Test(
        "what is no request gets one answer, and nothing behind it is looked at",
        arguments: [
            ("rubbish\r\n\r\n", "400"), ("GET /live HTTP/2.0\r\nHost: a\r\n\r\n", "400"),
            ("GET /live HTTP/1.1\r\nHo st: a\r\n\r\n", "400"),
            ("GET /\(String(repeating: "x", count: 8192))", "414"),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 8192))", "431"),
        ])
    func faults(text: String, status: String) throws {
        let fixture = try Fixture()
        fixture.send(text)
        fixture.send(Self.live)
        let written = fixture.written()
        check(written.hasPrefix("HTTP/1.1 \(status) "), true, "\(written)")
        check(written.contains("Connection: close\r\n"), true)
        check(written.split(separator: "HTTP/1.1 ").count, 1)
        fixture.eventLoop.advanceTime(by: AdminConnectionStateMachine.lingering)
        check(fixture.channel.isActive, false)
        check(fixture.ends, 1)
    }

    @Test("the client may say that it wants no more")
    func close() throws {
        let fixture = try Fixture()
        fixture.send("GET /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + Self.live)
        check(fixture.statuses(), ["200"])
        fixture.eventLoop.advanceTime(by: AdminConnectionStateMachine.lingering)
        check(fixture.channel.isActive, false)
    }

    @Test("a request that comes drop by drop has no more time than another one")
    func slow() throws {
        let fixture = try Fixture()
        for character in "GET /l" {
            fixture.send(String(character))
            fixture.eventLoop.advanceTime(by: .milliseconds(800))
        }
        check(fixture.channel.isActive, true)
        fixture.eventLoop.advanceTime(by: .milliseconds(200))
        check(fixture.channel.isActive, false)
        check(fixture.ends, 1)
    }

    @Test("a connection may be idle for a while")
    func idle() throws {
        let fixture = try Fixture()
        fixture.send(Self.live)
        fixture.eventLoop.advanceTime(by: .seconds(59))
        fixture.send(Self.live)
        check(fixture.statuses(), ["200", "200"])
        fixture.eventLoop.advanceTime(by: .seconds(59))
        check(fixture.channel.isActive, true)
        fixture.eventLoop.advanceTime(by: .seconds(1))
        check(fixture.channel.isActive, false)
    }

    @Test("who does not read what he asked for can't ask for more")
    func unsent() throws {
        let fixture = try Fixture()
        fixture.channel.isWritable = false
        fixture.channel.pipeline.fireChannelWritabilityChanged()
        fixture.send(Self.live)
        check(fixture.statuses(), [])
        check(fixture.channel.isActive, false)
    }
}
