import Glibc
import NIOCore
import NIOEmbedded
import Testing

@testable import CallPort

@Suite("The gate in front of the port's socket")
struct PortGateTests {
    /// Counts how often it is asked to accept.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = Never
        var accepts = 0

        func read(context: ChannelHandlerContext) {
            self.accepts += 1
        }
    }

    private final class Fixture {
        let channel = EmbeddedChannel()
        let socket = Socket()
        var closedUntil: NIODeadline?
        var reasons: [String] = []
        var hasSpare = false
        private(set) var gate: PortGate?

        var eventLoop: EmbeddedEventLoop { self.channel.embeddedEventLoop }

        init() throws {
            let gate = PortGate(closedUntil: { [unowned self] in self.closedUntil }) { [unowned self] in
                self.reasons.append($0)
                return self.hasSpare
            }
            self.gate = gate
            try self.channel.pipeline.syncOperations.addHandlers([self.socket, gate])
        }
    }

    @Test("nobody is accepted before there is room")
    func full() throws {
        let fixture = try Fixture()
        fixture.channel.read()
        #expect(fixture.socket.accepts == 1)
        fixture.closedUntil = fixture.eventLoop.now + .milliseconds(300)
        fixture.channel.read()
        fixture.channel.read()
        fixture.eventLoop.advanceTime(by: .milliseconds(299))
        #expect(fixture.socket.accepts == 1)
        fixture.eventLoop.advanceTime(by: .milliseconds(1))
        #expect(fixture.socket.accepts == 2)
        fixture.closedUntil = fixture.eventLoop.now + .seconds(9)
        fixture.channel.read()
        fixture.gate?.roomMayBe()
        #expect(fixture.socket.accepts == 2)
        fixture.closedUntil = nil
        fixture.gate?.roomMayBe()
        #expect(fixture.socket.accepts == 3)
        fixture.gate?.roomMayBe()
        #expect(fixture.socket.accepts == 3, "nobody has asked")
    }

    @Test("a second without accepting after there was no descriptor", arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func exhausted(code: Int32) throws {
        let fixture = try Fixture()
        fixture.channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
        #expect(fixture.reasons.count == 1)
        fixture.channel.read()
        fixture.gate?.roomMayBe()
        fixture.eventLoop.advanceTime(by: .milliseconds(999))
        #expect(fixture.socket.accepts == 0)
        fixture.eventLoop.advanceTime(by: .milliseconds(1))
        #expect(fixture.socket.accepts == 1)
        #expect(throws: Never.self) { try fixture.channel.throwIfErrorCaught() }
    }

    @Test("nobody waits if a descriptor was given up for him")
    func spare() throws {
        let fixture = try Fixture()
        fixture.hasSpare = true
        fixture.channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
        fixture.channel.read()
        #expect(fixture.reasons.count == 1 && fixture.socket.accepts == 1)
    }

    @Test("other errors go on")
    func otherErrors() throws {
        let fixture = try Fixture()
        fixture.channel.pipeline.fireErrorCaught(IOError(errnoCode: EINVAL, reason: "accept"))
        #expect(throws: IOError.self) { try fixture.channel.throwIfErrorCaught() }
        #expect(fixture.reasons.isEmpty)
    }
}
