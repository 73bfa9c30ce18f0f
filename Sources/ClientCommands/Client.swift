import Glibc
import NIOCore
import NIOPosix
import UnixSignals

/// A WAMP client for people: `wamp-sidecar call`, `publish` and `subscribe`.
package enum Client {
    /// Never shut down: the process ends by itself after the command.
    private static let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Joins the router, runs the command, writes lines to standard output, and leaves.
    ///
    /// The first SIGINT or SIGTERM ends it in order; a second one ends the process at once.
    ///
    /// - Parameter note: receives messages for people, a line at a time; called on the event loop.
    package static func run(
        _ command: ClientCommand, at target: ClientTarget, note: @escaping @Sendable (String) -> Void
    ) async -> ClientOutcome {
        // If the reader of the output goes, `write` fails; the process must not end.
        signal(SIGPIPE, SIG_IGN)
        let eventLoop = self.eventLoops.next()
        let promise = eventLoop.makePromise(of: ClientOutcome.self)
        let run = try? await eventLoop.submit {
            let run = ClientRun(
                target, eventLoop: eventLoop,
                output: LineWriter(descriptor: STDOUT_FILENO, eventLoop: eventLoop),
                work: self.work(command, eventLoop: eventLoop), note: note)
            return NIOLoopBound(run, eventLoop: eventLoop)
        }.get()
        guard let run else { return .failed(["the event loop does not run"]) }
        let watching = Task {
            var isFirst = true
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                guard isFirst else { _exit(1) }
                isFirst = false
                eventLoop.execute { run.value.interrupt() }
            }
        }
        defer { watching.cancel() }
        eventLoop.execute {
            run.value.start { promise.assumeIsolated().succeed($0) }
        }
        return (try? await promise.futureResult.get()) ?? .failed([])
    }

    private static func work(_ command: ClientCommand, eventLoop: any EventLoop) -> any ClientWork {
        switch command.action {
        case .call(let procedure, let options, let payload, let timeout, let errorsAreLines):
            ClientCall(procedure, options, payload, timeout: timeout, errorsAreLines: errorsAreLines)
        case .publish(let topic, let options, let publications):
            ClientPublication(
                topic, options, publications, input: LineReader(descriptor: STDIN_FILENO, eventLoop: eventLoop))
        case .subscribe(let topic, let options, let count):
            ClientSubscription(topic, options, count: count)
        }
    }
}
