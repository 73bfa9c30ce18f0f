import NIOCore
import WAMP
import WAMPClient

/// One call or publication from SQL, from the document to its answer. On the event loop.
///
/// It is answered once, or not at all once it was given up.
final class CallPortCall {
    private let operation: CallPortDocument.Operation
    private let peer: any CallPortPeer
    private var completion: ((CallPortAnswer) -> Void)?
    private var request: RequestID?
    private var timeout: TimeAmount?
    private var isSent = false

    init(
        _ operation: CallPortDocument.Operation, peer: any CallPortPeer, completion: @escaping (CallPortAnswer) -> Void
    ) {
        self.operation = operation
        self.peer = peer
        self.completion = completion
    }

    /// Sends it. The completion may be called before this returns.
    func start(_ request: CallPortRequest) {
        switch request.message {
        case .call(let procedure, let options, let timeout):
            self.timeout = timeout
            self.request = self.peer.call(
                procedure, options: options, payload: request.payload, timeout: timeout
            ) { result in
                switch result {
                // Nobody asked for them.
                case .success(let result) where result.isProgress: break
                case .success(let result): self.end(.result(result.payload))
                case .failure(let error): self.fail(error)
                }
            }
        case .publish(let topic, let options):
            self.peer.publish(topic, options: options, payload: request.payload) { result in
                switch result {
                case .success(let publication):
                    self.end(.result(Payload(arguments: ByteBuffer(string: "[\(publication)]"))))
                case .failure(let error):
                    self.fail(error)
                }
            }
        }
        // What fails before this is known not to have been sent.
        self.isSent = true
    }

    /// Nobody waits any more.
    func giveUp() {
        self.completion = nil
        if let request = self.request { self.peer.cancel(request) }
    }

    private func fail(_ error: RequestError) {
        self.end(
            .failure(
                CallPortAnswer.Failure(error, isSent: self.isSent, operation: self.operation, timeout: self.timeout)))
    }

    private func end(_ answer: CallPortAnswer) {
        let completion = self.completion
        self.completion = nil
        self.request = nil
        completion?(answer)
    }
}
