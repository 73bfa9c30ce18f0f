/// The checks of syntax that belong to other modules, handed in so that this one knows nothing of WAMP and PostgreSQL.
///
/// Each gets a text and says what is wrong with it in a user's words, to stand behind a name ("has an empty
/// component"), or nil if nothing is. None may repeat the text: it may hold a password.
package struct FormatChecks: Sendable {
    /// A URI, and how it is matched: `exact`, `prefix` or `wildcard`.
    package var uri: @Sendable (_ text: String, _ match: String) -> String?

    /// A topic to subscribe to, and how it is matched: `exact`, `prefix` or `wildcard`.
    package var topic: @Sendable (_ text: String, _ match: String) -> String?

    /// A router's URL, as far as this version supports it.
    package var routerURL: @Sendable (_ text: String) -> String?

    /// Whether what is sent to this router's URL, through this proxy if there is one, goes unencrypted to another host,
    /// where a ticket can be read.
    package var isOpenToEavesdroppers: @Sendable (_ routerURL: String, _ proxyURL: String?) -> Bool

    /// A proxy's URL.
    package var proxyURL: @Sendable (_ text: String) -> String?

    /// The name of a header of the WebSocket handshake.
    package var headerName: @Sendable (_ text: String) -> String?

    /// The value of a header of the WebSocket handshake.
    package var headerValue: @Sendable (_ text: String, _ name: String) -> String?

    /// A realm's name.
    package var realm: @Sendable (_ text: String) -> String?

    /// A libpq URI or keyword string.
    package var databaseURL: @Sendable (_ text: String) -> String?

    /// How the database reaches the port of calls from SQL, and whether it has to by TLS.
    package var callerConnect: @Sendable (_ text: String, _ wantsTLS: Bool) -> String?

    /// A function's name or signature.
    package var functionReference: @Sendable (_ text: String) -> String?

    /// A statement of a mapping's `sql`.
    package var sqlStatement: @Sendable (_ text: String) -> String?

    /// The files of `router.tls`, which are read for it, and the name.
    package var routerTLS: @Sendable (_ settings: RouterTLSSettings) -> [TLSProblem]

    /// The files of `caller.tls`, which are read for it.
    package var callerTLS: @Sendable (_ identity: TLSIdentity) -> [TLSProblem]

    /// All checks, each from the module that knows.
    package init(
        uri: @escaping @Sendable (_ text: String, _ match: String) -> String? = { _, _ in nil },
        topic: @escaping @Sendable (_ text: String, _ match: String) -> String? = { _, _ in nil },
        routerURL: @escaping @Sendable (_ text: String) -> String? = { _ in nil },
        isOpenToEavesdroppers: @escaping @Sendable (_ routerURL: String, _ proxyURL: String?) -> Bool = { _, _ in false
        },
        proxyURL: @escaping @Sendable (_ text: String) -> String? = { _ in nil },
        headerName: @escaping @Sendable (_ text: String) -> String? = { _ in nil },
        headerValue: @escaping @Sendable (_ text: String, _ name: String) -> String? = { _, _ in nil },
        realm: @escaping @Sendable (_ text: String) -> String? = { _ in nil },
        databaseURL: @escaping @Sendable (_ text: String) -> String? = { _ in nil },
        callerConnect: @escaping @Sendable (_ text: String, _ wantsTLS: Bool) -> String? = { _, _ in nil },
        functionReference: @escaping @Sendable (_ text: String) -> String? = { _ in nil },
        sqlStatement: @escaping @Sendable (_ text: String) -> String? = { _ in nil },
        routerTLS: @escaping @Sendable (_ settings: RouterTLSSettings) -> [TLSProblem] = { _ in [] },
        callerTLS: @escaping @Sendable (_ identity: TLSIdentity) -> [TLSProblem] = { _ in [] }
    ) {
        self.uri = uri
        self.topic = topic
        self.routerURL = routerURL
        self.isOpenToEavesdroppers = isOpenToEavesdroppers
        self.proxyURL = proxyURL
        self.headerName = headerName
        self.headerValue = headerValue
        self.realm = realm
        self.databaseURL = databaseURL
        self.callerConnect = callerConnect
        self.functionReference = functionReference
        self.sqlStatement = sqlStatement
        self.routerTLS = routerTLS
        self.callerTLS = callerTLS
    }
}
