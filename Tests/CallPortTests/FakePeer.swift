import NIOCore
import Names
import WAMP

@testable import CallPort
@testable import WAMPClient

/// A session's end towards the port: notes what is asked of it, and answers as the test says.
final class FakePeer: CallPortPeer {
    struct Request {
        let uri: String
        let options: CallOptions?
        let publishOptions: [String: Value]
        let arguments: String?
        let keywordArguments: String?
        let timeout: TimeAmount?
    }

    private(set) var requests: [Request] = []
    private(set) var canceled: [RequestID] = []
    var isWritable = true
    /// If set, nothing can be sent, for this reason.
    var refusal: RequestError?
    private var calls: [(id: RequestID, completion: (Result<CallResult, RequestError>) -> Void)] = []
    private var publications: [(Result<PublicationID, RequestError>) -> Void] = []

    func call(
        _ procedure: URI, options: CallOptions, payload: Payload, timeout: TimeAmount,
        completion: @escaping (Result<CallResult, RequestError>) -> Void
    ) -> RequestID? {
        self.requests.append(
            Request(
                uri: procedure.text, options: options, publishOptions: [:],
                arguments: payload.arguments.map { String(buffer: $0) },
                keywordArguments: payload.keywordArguments.map { String(buffer: $0) }, timeout: timeout))
        if let refusal {
            completion(.failure(refusal))
            return nil
        }
        let id = RequestID(checked: Int64(self.requests.count))
        self.calls.append((id, completion))
        return id
    }

    func publish(
        _ topic: URI, options: PublishOptions, payload: Payload,
        acknowledged completion: @escaping (Result<PublicationID, RequestError>) -> Void
    ) {
        self.requests.append(
            Request(
                uri: topic.text, options: nil, publishOptions: options.values,
                arguments: payload.arguments.map { String(buffer: $0) },
                keywordArguments: payload.keywordArguments.map { String(buffer: $0) }, timeout: nil))
        if let refusal {
            completion(.failure(refusal))
        } else {
            self.publications.append(completion)
        }
    }

    func cancel(_ call: RequestID) {
        self.canceled.append(call)
        guard let index = self.calls.firstIndex(where: { $0.id == call }) else { return }
        self.calls.remove(at: index).completion(.failure(.canceled))
    }

    /// Answers the oldest call.
    func answer(_ result: Result<Payload, RequestError>, details: Details = .empty) {
        guard let first = self.calls.first else { return }
        if details.isEmpty { self.calls.removeFirst() }
        first.completion(result.map { CallResult(request: first.id, details: details, payload: $0) })
    }

    func answer(args: String?, kwargs: String? = nil, containsNUL: Bool = false) {
        self.answer(.success(Self.payload(args, kwargs, containsNUL: containsNUL)))
    }

    func acknowledge(_ result: Result<PublicationID, RequestError>) {
        guard !self.publications.isEmpty else { return }
        self.publications.removeFirst()(result)
    }

    static func payload(_ args: String?, _ kwargs: String? = nil, containsNUL: Bool = false) -> Payload {
        Payload(
            arguments: args.map { ByteBuffer(string: $0) }, keywordArguments: kwargs.map { ByteBuffer(string: $0) },
            containsNUL: containsNUL)
    }

    static func refused(_ uri: String, _ payload: Payload = .empty) -> RequestError {
        .refused(ErrorMessage(requestKind: .call, request: RequestID(checked: 1), uri: uri, payload: payload))
    }
}
