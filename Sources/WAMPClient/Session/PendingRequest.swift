import NIOCore
import WAMP

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
