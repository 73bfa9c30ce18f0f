/// The session is open: `[2, session, details]`.
package struct Welcome: Sendable, Equatable {
    /// The session's id.
    package var session: SessionID
    /// Roles and features of the router, and the identity that it gave us.
    package var details: Details

    /// Takes the elements in the order of the message.
    package init(session: SessionID, details: Details = .empty) {
        self.session = session
        self.details = details
    }

    /// The roles of a router that have features.
    package enum Role: String, Sendable {
        /// Takes events and passes them on.
        case broker
        /// Takes calls and passes them on.
        case dealer
    }

    /// True if the router says that its role has the feature, e.g. `call_canceling`.
    package func announces(_ feature: String, role: Role) -> Bool {
        guard let features = self.details.details("roles")?.details(role.rawValue)?.details("features") else {
            return false
        }
        // The specification itself has both spellings of this feature.
        let isCanceling = feature == "call_canceling" && features.bool("call_cancelling") == true
        return isCanceling || features.bool(feature) == true
    }

    /// Whether the router is Crossbar.io, which reads some things differently. It used to say so in `agent`; 26.10
    /// sends no agent, but still has its own keys.
    package var isFromCrossbar: Bool {
        self.agent?.hasPrefix("Crossbar.io") == true || self.details.element("x_cb_node") != nil
    }

    /// The router's name and version, e.g. `Crossbar.io-26.10.1`.
    package var agent: String? { self.details.string("agent") }
    /// The realm; nexus does not send it.
    package var realm: String? { self.details.string("realm") }
    /// The authid that the router gave us.
    package var authid: String? { self.details.string("authid") }
    /// The role that the router gave us.
    package var authrole: String? { self.details.string("authrole") }
    /// The method that proved our identity.
    package var authmethod: String? { self.details.string("authmethod") }
}
