import NIOCore
import NIOPosix
import Postgres
import SidecarConfiguration
import WAMP

/// What there is to be seen of a running sidecar. Another page is another line here.
extension AdminSite {
    init(
        _ settings: AdminSettings, readiness: Readiness, pulse: Pulse, status: StatusSource, metrics: Metrics
    ) {
        self.init(settings)
        self.add("/live", .health) { [weak pulse] _ in LivePage.answer(fault: pulse?.fault) }
        self.add("/ready", .health) { [weak readiness] request in
            ReadyPage.answer(readiness?.answer ?? .notReady([]), to: request)
        }
        self.add("/status", .status) { _ in
            var body = ByteBuffer()
            JSON.write(status.status.value, into: &body)
            return .json(.ok, body)
        }
        self.add("/", .status) { _ in StatusPage.answer(status.status.value) }
        self.add("/metrics", .metrics) { [weak metrics] request in
            let format = ExpositionFormat(accept: request.accept)
            let text = metrics?.text(format) ?? Exposition(format).finished()
            return AdminAnswer(.ok, type: format.contentType, body: text)
        }
    }
}

extension Pulse {
    /// That of a process: it asks the thread that watches the database's sockets, and the one that resolves names.
    convenience init(watcher: Watcher, eventLoop: any EventLoop, beat: @escaping () -> Void) throws {
        let probe = try WatcherProbe(watcher)
        self.init(
            eventLoop: eventLoop,
            questions: [
                // What can't be asked has not answered.
                .watcher: { answer in try? probe.ask(answer: answer) },
                .threadPool: { answer in
                    NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {}.assumeIsolated()
                        .whenSuccess { answer() }
                },
            ], beat: beat)
    }
}
