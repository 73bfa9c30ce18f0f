import Names
import WAMP

/// What a router refuses or ends: the reason in its own words, and what to do about it. The only place for both.
struct RouterRefusal {
    /// What was refused or ended.
    enum Subject {
        /// HELLO, or our proof of identity.
        case login(Authentication)
        /// A session that was open.
        case session
        /// A request of a kind.
        case request(MessageKind)
    }

    let subject: Subject
    /// The URI of the reason, as received.
    let reason: String
    /// What the router says in addition.
    let words: String?

    /// An ABORT that refuses or ends the session.
    init(_ abort: Abort, _ subject: Subject) {
        self.subject = subject
        self.reason = abort.reason
        self.words = Self.words(abort.details, abort.payload)
    }

    /// A GOODBYE.
    init(_ goodbye: Goodbye) {
        self.subject = .session
        self.reason = goodbye.reason
        self.words = Self.words(goodbye.details, .empty)
    }

    /// An ERROR.
    init(_ error: ErrorMessage) {
        self.subject = .request(error.requestKind)
        self.reason = error.uri
        // The arguments of a procedure's own error are a payload, and not for the log.
        let isCallees = error.requestKind == .call && !Self.isRouters(error.uri)
        self.words = Self.words(error.details, isCallees ? .empty : error.payload)
    }

    /// Reason and words, made fit for one line of a log.
    var text: String {
        let reason = ConnectionFault.quoted(self.reason)
        guard let words, !words.isEmpty else { return reason }
        return "\(reason) (\(ConnectionFault.quoted(words)))"
    }

    /// The text, and what to do about it.
    var description: String { self.advice.map { "\(self.text); \($0)" } ?? self.text }

    /// The words and the advice, without the reason; nil if there are neither.
    var remark: String? {
        let words = self.words.flatMap { $0.isEmpty ? nil : "the router says: \(ConnectionFault.quoted($0))" }
        let parts = [words, self.advice].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// Most routers say more in the details' `message`, some (nexus) in `error`, and some in the first argument.
    private static func words(_ details: Details, _ payload: Payload) -> String? {
        details.string("message") ?? details.string("error") ?? payload.firstText
    }

    /// One sentence; nil if nothing can be done, or if the reason may be a callee's own.
    var advice: String? {
        switch self.subject {
        case .login(let authentication): self.advice(onLogin: authentication)
        case .session: self.adviceOnEnd
        case .request(let kind): self.advice(on: kind)
        }
    }
}

extension RouterRefusal {
    private static let moreInLog = "look at the router's log for more"

    private func advice(onLogin authentication: Authentication) -> String {
        switch self.reason {
        case "wamp.error.no_such_realm":
            return "is router.realm right, and has the router started completely?"
        case "wamp.error.no_such_role":
            return
                "look at router.auth: its authid has a role at the router that the realm does not know; add it there, "
                + "or give the authid another one"
        case CloseReason.systemShutdown.text, "wamp.error.system_shutdown":
            return "it is shutting down; the sidecar tries again until it is back"
        case "wamp.error.invalid_uri":
            return "does router.realm keep to the rules that this router has for names of realms?"
        case "wamp.error.protocol_violation":
            return "its log may say what it did not like; please report that as a bug"
        default:
            guard WAMPError.isAboutCredentials(self.reason) else { return Self.moreInLog }
            return "look at router.auth: does it offer '\(authentication.method)' here, and "
                + "\(Self.question(authentication))\(Self.otherName(authentication))"
        }
    }

    /// What else can be wrong if the method is offered: routers do not say.
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

    /// SCRAM has two names, and a router refuses the name that it does not know.
    private static func otherName(_ authentication: Authentication) -> String {
        switch authentication {
        case .scram(_, _, .specification): " (to Crossbar.io it is 'scram': write method: scram)"
        case .scram(_, _, .crossbar):
            " (to routers other than Crossbar.io it is 'wamp-scram': write method: wamp-scram)"
        case .anonymous, .ticket, .wampcra, .cryptosign, .tls: ""
        }
    }

    private var adviceOnEnd: String? {
        switch self.reason {
        case CloseReason.systemShutdown.text: "it is shutting down"
        case CloseReason.closeRealm.text: "it has closed the realm: is router.realm still there?"
        case CloseReason.killed.text: "an administrator ended this session there, so the next one begins after a pause"
        case "wamp.close.normal", "wamp.close.goodbye_and_out", "wamp.close.logout": nil
        case "wamp.error.protocol_violation":
            "its log may say what it did not like; please report that as a bug"
        case "wamp.error.payload_size_exceeded":
            "send less in one message, or raise the router's limit for messages"
        default:
            WAMPError.isAboutCredentials(self.reason)
                ? "look at router.auth, and at whether the router has revoked the authid's rights"
                : Self.moreInLog
        }
    }

    /// The reasons that come from the router itself when a call fails; all others may come from the callee.
    private static func isRouters(_ uri: String) -> Bool {
        self.reasonsOfDealer.contains(uri)
    }

    private static let reasonsOfDealer: Set<String> = [
        "wamp.error.no_such_procedure", "wamp.error.no_available_callee", "wamp.error.no_eligible_callee",
        "wamp.error.authorization_failed", "wamp.error.authorization_denied", "wamp.error.not_authorized",
        "wamp.error.option_not_allowed", "wamp.error.disclose_me.disallowed",
        "wamp.error.option_disallowed.disclose_me", "wamp.error.invalid_uri",
    ]

    private func advice(on kind: MessageKind) -> String? {
        switch self.reason {
        case "wamp.error.not_authorized", "wamp.error.authorization_denied":
            return "allow the sidecar's authrole to \(Self.verb(kind)) it, at the router"
        case "wamp.error.authorization_failed":
            return "the router's authorizer failed, so look at its log"
        case "wamp.error.invalid_uri", "wamp.error.invalid_topic":
            return "correct the URI, or loosen the router's check of URIs"
        case "wamp.error.procedure_already_exists":
            return "another session has it: stop that one, or let both have the same invoke (other than single)"
        case "wamp.error.procedure_exists_with_different_invocation_policy":
            return "write the invoke that the other session has, or stop that one"
        case "wamp.error.no_such_procedure":
            return "is its callee running, and in this realm?"
        case "wamp.error.no_available_callee", "wamp.error.no_eligible_callee":
            return "start a callee that the call may go to"
        case "wamp.error.no_such_registration", "wamp.error.no_such_subscription":
            return "the router no longer holds it, so there is nothing to do"
        case "wamp.error.option_not_allowed", "wamp.error.disclose_me.disallowed",
            "wamp.error.option_disallowed.disclose_me":
            return "allow it at the router (disclosure of callers and publishers, as a rule), or do without the option"
        case "wamp.error.payload_size_exceeded":
            return kind == .call ? nil : "send less in one message, or raise the router's limit"
        default:
            // The reason of a failed call may be the callee's own.
            return kind == .call ? nil : Self.moreInLog
        }
    }

    private static func verb(_ kind: MessageKind) -> String {
        switch kind {
        case .register, .unregister: "register"
        case .subscribe, .unsubscribe: "subscribe to"
        case .publish: "publish to"
        default: "call"
        }
    }
}
