/// Ends backends that no longer answer. Only a session of the same role may do that. On the event loop.
final class BackendEnder {
    /// Calls back when the server has received the request, or can't; nil while there is no session to ask.
    var end: ((_ backend: BackendIdentity, _ completion: @escaping () -> Void) -> Void)?
}
