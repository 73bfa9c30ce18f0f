import NIOCore
import WAMP

/// A request that was sent, and how it is sent again if its answer is lost; nil if it is not.
struct WaitingRequest {
    let request: PendingRequest
    /// When the wait for an answer ends.
    let deadline: NIODeadline
    let again: ((RequestID) -> OutgoingMessage)?
}

/// An acknowledged publication that waits until the router has answered others.
struct WaitingPublication {
    let completion: (Result<PublicationID, RequestError>) -> Void
    let message: (RequestID) -> OutgoingMessage
    let timeout: TimeAmount?
    let patience: TimeAmount?
    /// The message has at least this many octets of text.
    let atLeast: Int
}

/// What waits for the answer to a request.
enum PendingRequest {
    case register((Result<RegistrationID, RequestError>) -> Void)
    case unregister((Result<Void, RequestError>) -> Void)
    case subscribe((Result<SubscriptionID, RequestError>) -> Void)
    case unsubscribe(SubscriptionID, (Result<Void, RequestError>) -> Void)
    case publish((Result<PublicationID, RequestError>) -> Void)
    case call((Result<CallResult, RequestError>) -> Void)
    /// Any answer will do, and nobody needs it.
    case heartbeat

    /// The kind of the request.
    var kind: MessageKind {
        switch self {
        case .register: .register
        case .unregister: .unregister
        case .subscribe: .subscribe
        case .unsubscribe: .unsubscribe
        case .publish: .publish
        case .call, .heartbeat: .call
        }
    }

    /// Reports that there will be no result.
    func fail(_ error: RequestError) {
        switch self {
        case .register(let completion): completion(.failure(error))
        case .unregister(let completion), .unsubscribe(_, let completion): completion(.failure(error))
        case .subscribe(let completion): completion(.failure(error))
        case .publish(let completion): completion(.failure(error))
        case .call(let completion): completion(.failure(error))
        case .heartbeat: break
        }
    }
}
