package import Names

/// The error URIs that the specification or the routers predefine, as far as the sidecar sends or compares them.
package enum WAMPError {
    /// A URI in the request is malformed or reserved.
    package static let invalidURI = URI(constant: "wamp.error.invalid_uri")
    /// No callee has registered the procedure.
    package static let noSuchProcedure = URI(constant: "wamp.error.no_such_procedure")
    /// Another session has registered the procedure; common right after a connection breaks.
    package static let procedureAlreadyExists = URI(constant: "wamp.error.procedure_already_exists")
    /// Crossbar.io's answer if a shared registration has another policy.
    package static let procedureExistsWithDifferentInvocationPolicy = URI(
        constant: "wamp.error.procedure_exists_with_different_invocation_policy")
    /// UNREGISTER of an unknown registration.
    package static let noSuchRegistration = URI(constant: "wamp.error.no_such_registration")
    /// UNSUBSCRIBE of an unknown subscription.
    package static let noSuchSubscription = URI(constant: "wamp.error.no_such_subscription")
    /// The arguments of a call are wrong: number, names, types or values.
    package static let invalidArgument = URI(constant: "wamp.error.invalid_argument")
    /// A call was canceled, or its callee left.
    package static let canceled = URI(constant: "wamp.error.canceled")
    /// A call exceeded its time limit.
    package static let timeout = URI(constant: "wamp.error.timeout")
    /// The callee can't serve the call now.
    package static let unavailable = URI(constant: "wamp.error.unavailable")
    /// A message is larger than its receiver accepts.
    package static let payloadSizeExceeded = URI(constant: "wamp.error.payload_size_exceeded")
    /// The peer violated the protocol.
    package static let protocolViolation = URI(constant: "wamp.error.protocol_violation")
    /// The session may not do this; from Crossbar.io also: wrong credentials.
    package static let notAuthorized = URI(constant: "wamp.error.not_authorized")
    /// The router could not find out whether the session may do this.
    package static let authorizationFailed = URI(constant: "wamp.error.authorization_failed")
    /// The router has no such realm (perhaps not yet).
    package static let noSuchRealm = URI(constant: "wamp.error.no_such_realm")
    /// The router offers none of the authentication methods.
    package static let noMatchingAuthMethod = URI(constant: "wamp.error.no_matching_auth_method")
    /// Wrong credentials, from nexus.
    package static let authenticationFailed = URI(constant: "wamp.error.authentication_failed")
    /// The callee lacks a feature that the call needs.
    package static let featureNotSupported = URI(constant: "wamp.error.feature_not_supported")
    /// A payload that can't be decoded.
    package static let invalidPayload = URI(constant: "wamp.error.invalid_payload")
    /// A fault in the callee itself.
    package static let runtimeError = URI(constant: "wamp.error.runtime_error")

    private static let refusedCredentials: Set<String> = [
        "wamp.error.not_authorized", "wamp.error.no_auth_method", "wamp.error.no_matching_auth_method",
        "wamp.error.no_such_principal", "wamp.error.no_such_role",
    ]

    /// True for the reasons of an ABORT that mean wrong credentials, whichever router sends them: retry slowly.
    package static func isAboutCredentials(_ reason: String) -> Bool {
        reason.hasPrefix("wamp.error.authentication_") || reason.hasPrefix("wamp.error.authorization_")
            || Self.refusedCredentials.contains(reason)
    }

    /// True for both spellings of "canceled".
    package static func isCanceled(_ uri: String) -> Bool {
        uri == Self.canceled.text || uri == "wamp.error.cancelled"
    }
}
