import Names
import WAMP

/// What a router's ABORT and GOODBYE mean.
extension ConnectionFault {
    /// The router refuses the session.
    static func refused(_ abort: Abort, _ authentication: Authentication) -> ConnectionFault {
        let isAboutCredentials = WAMPError.isAboutCredentials(abort.reason)
        let refusal = RouterRefusal(abort, .login(authentication)).description
        return ConnectionFault(
            isAboutCredentials ? .credentials : .aborted,
            "refused the \(isAboutCredentials ? "credentials" : "session") with \(refusal)", uri: abort.reason)
    }

    /// We refuse the router.
    static func notLoggedIn(_ error: AuthenticationError) -> ConnectionFault {
        error.isDistrust
            ? ConnectionFault(.untrusted, "is not trusted: \(error)")
            : ConnectionFault(.credentials, "cannot be logged in to: \(error); look at router.auth")
    }

    /// The ticket would have been readable for others.
    static let openTicket = ConnectionFault(
        .untrusted,
        "is another host, and the ticket would go there unencrypted; use wss:// or rss://, another method in "
            + "router.auth, or allow it by router.insecure")

    /// A header that logs in would have been readable for others.
    static let openHeader = ConnectionFault(
        .untrusted,
        "is another host, and a header of router.headers that logs in would go there unencrypted; use wss://, "
            + "or allow it by router.insecure")

    /// The router aborted the session.
    static func aborted(_ abort: Abort) -> ConnectionFault {
        ConnectionFault(
            .aborted, "broke the session off with \(RouterRefusal(abort, .session).description)", uri: abort.reason)
    }

    /// The router ended the session.
    static func goodbye(_ goodbye: Goodbye) -> ConnectionFault {
        ConnectionFault(
            goodbye.reason == CloseReason.killed.text ? .killed : .goodbye,
            "ended the session with \(RouterRefusal(goodbye).description)", uri: goodbye.reason)
    }
}
