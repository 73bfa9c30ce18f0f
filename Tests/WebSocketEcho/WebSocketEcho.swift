import NIOCore
import NIOPosix
import WAMP
import WAMPClient

/// The client for a WebSocket test suite: the sidecar's own transport, which sends back each message.
///
///     websocket-echo 127.0.0.1 9001 agent
///
/// Asks the suite's server for the number of cases, runs one after the other, each on a separate connection, and
/// finally asks the server for the reports.
@main
struct WebSocketEcho {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let port = Int(arguments[2]) else {
            print("usage: websocket-echo HOST PORT AGENT")
            return
        }
        let suite = Suite(host: arguments[1], port: port)
        let agent = arguments[3]
        let cases = try await suite.run("/getCaseCount").last.flatMap { Int($0) } ?? 0
        for number in 0..<cases {
            _ = try await suite.run("/runCase?case=\(number + 1)&agent=\(agent)")
        }
        _ = try await suite.run("/updateReports?agent=\(agent)")
    }
}

/// The server of a test suite.
struct Suite {
    let host: String
    let port: Int

    /// The suite's largest message.
    private static let greatestMessage = 16 << 20

    /// Opens a WebSocket, sends back what arrives, and waits for its end.
    ///
    /// - Returns: the short messages.
    func run(_ target: String) async throws -> [String] {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let ended = eventLoop.makePromise(of: [String].self)
        let channel = try await ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let upgrade = WebSocketUpgrade(
                        target: target, host: "\(self.host):\(self.port)", agent: "websocket-echo", serializers: [])
                    try channel.pipeline.syncOperations.addHandler(
                        WebSocketHandler(
                            upgrade: upgrade, greatestMessage: Self.greatestMessage,
                            unsentBound: 4 * Self.greatestMessage, receiver: Echo(ended)))
                }
            }
            .connect(host: self.host, port: self.port).get()
        let messages = try await ended.futureResult.get()
        try? await channel.closeFuture.get()
        return messages
    }
}

/// Sends each message back, in its own kind.
final class Echo: TransportReceiver {
    private let ended: EventLoopPromise<[String]>
    private var transport: MessageTransport?
    private var messages: [String] = []

    init(_ ended: EventLoopPromise<[String]>) {
        self.ended = ended
    }

    func transportSecured(channelID: [UInt8]?) {}

    func transportOpened(_ transport: MessageTransport, serializer: SerializerID?) {
        self.transport = transport
    }

    func transportHeard(octets: Int) {}

    func transportReceived(_ message: ByteBuffer) {
        if message.readableBytes < 100 {
            self.messages.append(String(buffer: message))
        }
        _ = self.transport?.send(atLeast: message.readableBytes) { $0.writeImmutableBuffer(message) }
    }

    func transportSkipped(beginning: ByteBuffer) {}

    func transportWritabilityChanged(_ isWritable: Bool) {}

    /// Most cases are about violations by the peer.
    func transportFailed(_ fault: ConnectionFault) {}

    func transportClosed() {
        self.transport = nil
        self.ended.succeed(self.messages)
    }
}
