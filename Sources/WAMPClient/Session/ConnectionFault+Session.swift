import WAMP

/// What a router's ABORT and GOODBYE mean.
extension ConnectionFault {
    /// The router does not let us in.
    static func refused(_ abort: Abort, _ authentication: Authentication) -> ConnectionFault {
        let text = self.text(abort)
        if WAMPError.isAboutCredentials(abort.reason) {
            return ConnectionFault(
                .credentials,
                "refused the credentials with \(text); look at router.auth: does it offer '\(authentication.method)' "
                    + "here, and \(self.question(authentication))",
                uri: abort.reason)
        }
        let advice =
            abort.reason == WAMPError.noSuchRealm.text
            ? "; is router.realm right, and has the router started completely?" : ""
        return ConnectionFault(.aborted, "refused the session with \(text)\(advice)", uri: abort.reason)
    }

    /// We do not go on with it.
    static func notLoggedIn(_ error: AuthenticationError) -> ConnectionFault {
        error.isDistrust
            ? ConnectionFault(.untrusted, "is not trusted: \(error)")
            : ConnectionFault(.credentials, "cannot be logged in to: \(error); look at router.auth")
    }

    /// A ticket was about to be sent for everybody to read.
    static let openTicket = ConnectionFault(
        .untrusted,
        "is another host, and the ticket would go there unencrypted; use wss:// or rss://, another method in router.auth, or "
            + "allow it by router.insecure")

    /// A header that logs in was about to be sent for everybody to read.
    static let openHeader = ConnectionFault(
        .untrusted,
        "is another host, and a header of router.headers that logs in would go there unencrypted; use wss://, or allow it "
            + "by router.insecure")

    /// What else can be wrong, once the method is offered: routers do not tell.
    private static func question(_ authentication: Authentication) -> String {
        switch authentication {
        case .anonymous: "may this realm be joined without a proof?"
        case .ticket: "are authid and ticket right?"
        case .wampcra, .scram: "are authid and secret right?"
        case .cryptosign:
            "does it know the authid with this public key: \(authentication.publicKey ?? "none")?"
        case .tls: "does it know the client certificate?"
        }
    }

    /// The router broke the session off.
    static func aborted(_ abort: Abort) -> ConnectionFault {
        let advice =
            abort.reason == WAMPError.protocolViolation.text
            ? "; its log may say what it did not like, which is worth a bug report" : ""
        return ConnectionFault(.aborted, "broke the session off with \(self.text(abort))\(advice)", uri: abort.reason)
    }

    /// The router ended the session.
    static func goodbye(_ goodbye: Goodbye) -> ConnectionFault {
        let message = goodbye.details.string("message").map { " (\(self.quoted($0)))" } ?? ""
        return ConnectionFault(
            goodbye.reason == CloseReason.killed.text ? .killed : .goodbye,
            "ended the session with \(self.quoted(goodbye.reason))\(message)\(self.advice(goodbye))",
            uri: goodbye.reason)
    }

    /// What stands behind a GOODBYE's reason, for who has to do something about it.
    private static func advice(_ goodbye: Goodbye) -> String {
        switch goodbye.reason {
        case CloseReason.systemShutdown.text: "; it is shutting down"
        case CloseReason.closeRealm.text: "; it has closed the realm: is router.realm still there?"
        case CloseReason.killed.text: "; somebody ended this session there, so the next one begins after some time"
        default: ""
        }
    }

    /// Most routers say more in the details' `message`, some (xconn) in the first argument.
    private static func text(_ abort: Abort) -> String {
        let message = (abort.message ?? abort.firstArgument).map { " (\(self.quoted($0)))" } ?? ""
        return "\(self.quoted(abort.reason))\(message)"
    }
}
