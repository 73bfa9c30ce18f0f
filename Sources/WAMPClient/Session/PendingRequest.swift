import NIOCore
import WAMP

/// A request that was sent, and how it is sent again if its answer is lost; nil if it is not.
struct WaitingRequest {
    let request: PendingRequest
    /// When no answer is waited for any longer.
    let deadline: NIODeadline
    let again: ((RequestID) -> OutgoingMessage)?
}

/// An acknowledged publication that waits until the router has answered for others.
struct WaitingPublication {
    let completion: (Result<PublicationID, RequestError>) -> Void
    let message: (RequestID) -> OutgoingMessage
    let timeout: TimeAmount?
    let patience: TimeAmount?
    /// Octets of text that it has at the very least.
    let atLeast: Int
}

/// Who waits for the answer to a request.
enum PendingRequest {
    case register((Result<RegistrationID, RequestError>) -> Void)
    case unregister((Result<Void, RequestError>) -> Void)
    case subscribe((Result<SubscriptionID, RequestError>) -> Void)
    case unsubscribe(SubscriptionID, (Result<Void, RequestError>) -> Void)
    case publish((Result<PublicationID, RequestError>) -> Void)
    case call((Result<CallResult, RequestError>) -> Void)
    /// Any answer will do, and none is needed.
    case heartbeat

    /// The kind of message that asks.
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

    /// Tells that there will be no good answer.
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
