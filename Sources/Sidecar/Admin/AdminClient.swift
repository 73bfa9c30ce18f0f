import Cryptography
package import NIOCore
import NIOHTTP1
import NIOOpenSSL
import NIOPosix
import Names
package import SidecarConfiguration

/// Asks the admin port of a running sidecar, as its own file names it.
package struct AdminClient: Sendable {
    /// What it got.
    package struct Answer: Sendable {
        package let status: Int
        package let body: ByteBuffer
    }

    /// Why it got nothing.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private static let patience = TimeAmount.seconds(5)

    private let settings: AdminSettings

    package init(_ settings: AdminSettings) {
        self.settings = settings
    }

    /// One request on a new connection.
    ///
    /// - Parameter isGuarded: whether the page asks for the password; nobody else gets it.
    package func get(_ path: String, isGuarded: Bool) async throws -> Answer {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = eventLoop.makePromise(of: Answer.self)
        var headers = HTTPHeaders([("Host", "localhost"), ("Connection", "close")])
        if isGuarded, let password = self.settings.password {
            let credentials = String(
                decoding: Base64.encode(Array("\(AdminSite.user):\(password.reveal())".utf8)), as: UTF8.self)
            headers.add(name: "Authorization", value: "Basic \(credentials)")
        }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
        let tls = try self.settings.tls.map { try Self.tls(of: $0) }
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(Self.patience).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                if let tls { try pipeline.addHandler(OpenSSLHandler(tls)) }
                try pipeline.addHTTPClientHandlers()
                try pipeline.addHandler(AdminClientHandler(head, patience: Self.patience, promise: promise))
            }
        }
        do {
            switch self.settings.listen.value {
            case .tcp(let host, let port):
                _ = try await bootstrap.connect(host: Self.reachable(host), port: port).get()
            case .file(let path):
                _ = try await bootstrap.connect(unixDomainSocketPath: path).get()
            }
        } catch {
            promise.fail(error)
        }
        do {
            return try await promise.futureResult.get()
        } catch TLSFailure.otherCertificate {
            let file = self.settings.tlsIdentity.map { " in \($0.certificateFile.path)" } ?? ""
            throw Failure(
                description: "the admin port at \(self.settings.listen.value) shows another certificate than the one"
                    + "\(file): the certificate file may have changed and not been reloaded yet, or it is not this "
                    + "sidecar that listens there")
        } catch {
            throw Failure(description: "no answer from the admin port at \(self.settings.listen.value): \(error)")
        }
    }

    /// Whoever listens everywhere listens here too.
    private static func reachable(_ host: String) -> String {
        switch host {
        case "0.0.0.0", "::": "localhost"
        default: host
        }
    }

    /// The certificate is for the name that others use: it is recognized, and that is all.
    private static func tls(of server: TLSContext) throws -> TLSContext {
        var configuration = TLSConfiguration()
        // A hash that is not known fits none.
        configuration.verification = .only(server.certificateHash ?? [])
        return try TLSContext(configuration, role: .client)
    }
}

/// Sends a request, and collects the answer.
private final class AdminClientHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let patience: TimeAmount
    private let promise: EventLoopPromise<AdminClient.Answer>
    private var status = 0
    private var body = ByteBuffer()
    private var timer: Scheduled<Void>?

    init(_ head: HTTPRequestHead, patience: TimeAmount, promise: EventLoopPromise<AdminClient.Answer>) {
        self.head = head
        self.patience = patience
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        self.timer = context.eventLoop.assumeIsolated().scheduleTask(in: self.patience) {
            self.fail(bound.value, AdminClient.Failure(description: "it did not answer in time"))
        }
        context.write(self.wrapOutboundOut(.head(self.head)), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head): self.status = Int(head.status.code)
        case .body(var piece): self.body.writeBuffer(&piece)
        case .end:
            self.promise.succeed(AdminClient.Answer(status: self.status, body: self.body))
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(context, error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.promise.fail(AdminClient.Failure(description: "it closed the connection"))
    }

    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        self.promise.fail(error)
        context.close(promise: nil)
    }
}
