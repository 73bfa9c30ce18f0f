import WAMP

/// What a router's ABORT and GOODBYE mean.
extension ConnectionFault {
    /// The router does not let us in.
    static func refused(_ abort: Abort) -> ConnectionFault {
        let text = self.text(abort)
        if WAMPError.isAboutCredentials(abort.reason) {
            return ConnectionFault(
                .credentials, "refused the credentials with \(text); look at router.auth", uri: abort.reason)
        }
        let advice =
            abort.reason == WAMPError.noSuchRealm.text
            ? "; is router.realm right, and has the router started completely?" : ""
        return ConnectionFault(.aborted, "refused the session with \(text)\(advice)", uri: abort.reason)
    }

    /// The router broke the session off.
    static func aborted(_ abort: Abort) -> ConnectionFault {
        ConnectionFault(.aborted, "broke the session off with \(self.text(abort))", uri: abort.reason)
    }

    /// The router ended the session.
    static func goodbye(_ goodbye: Goodbye) -> ConnectionFault {
        let message = goodbye.details.string("message").map { " (\(self.quoted($0)))" } ?? ""
        return ConnectionFault(
            goodbye.reason == CloseReason.killed.text ? .killed : .goodbye,
            "ended the session with \(self.quoted(goodbye.reason))\(message)", uri: goodbye.reason)
    }

    private static func text(_ abort: Abort) -> String {
        let message = abort.message.map { " (\(self.quoted($0)))" } ?? ""
        return "\(self.quoted(abort.reason))\(message)"
    }
}
