/// Ends backends of one role that no longer answer: only a session of the same role may. On the event loop.
final class BackendEnder {
    /// Calls back when the server has been asked, or can't be; nil as long as there is nobody to ask.
    var end: ((_ backend: BackendIdentity, _ completion: @escaping () -> Void) -> Void)?
}
