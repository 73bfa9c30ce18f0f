import NIOCore
import Names
import WAMP
import WAMPClient

/// `wamp-sidecar call`: one call, its results, and its end. On the event loop.
final class ClientCall: ClientWork {
    private let procedure: URI
    private let options: CallOptions
    private let payload: Payload
    private let timeout: TimeAmount
    private let errorsAreLines: Bool
    private var session: Session?
    private var request: RequestID?
    private weak var run: ClientRun?

    init(_ procedure: URI, _ options: CallOptions, _ payload: Payload, timeout: TimeAmount, errorsAreLines: Bool) {
        self.procedure = procedure
        self.options = options
        self.payload = payload
        self.timeout = timeout
        self.errorsAreLines = errorsAreLines
    }

    func joined(_ session: Session, in run: ClientRun) {
        self.session = session
        self.run = run
        if self.options.receiveProgress { run.output.watch() }
        self.request = session.call(
            self.procedure, options: self.options, payload: self.payload, timeout: self.timeout
        ) { self.answered($0) }
    }

    private func answered(_ answer: Result<CallResult, RequestError>) {
        guard let run = self.run else { return }
        switch answer {
        case .success(let result):
            if let fault = result.payload.fault { return run.finish(.failed(["\(self.procedure): \(fault)"])) }
            run.output.write(ClientLine.result(result))
            if !result.isProgress { run.finish() }
        // The run reports why the session has ended.
        case .failure(let error) where error.code == .sessionClosed:
            break
        case .failure(let error) where self.errorsAreLines:
            run.output.write(ClientLine.error(error))
            run.finish(.failed([]))
        case .failure(let error):
            run.finish(.failed([ClientLine.text(error)]))
        }
    }

    /// The callee is interrupted, and its answer is the call's end: so it is known whether it has stopped.
    func interrupted() {
        guard let request = self.request else { return }
        self.session?.cancel(request, mode: .kill)
    }

    func received(_ event: Event) {}
    func revoked(reason: String?) {}
    func writable() {}
}
