package import NIOCore
package import NIOOpenSSL
package import Names
package import WAMP

/// How a router is reached and joined. The limits and times are the contract's; tests shorten them.
package struct RouterConfiguration: Sendable {
    /// The URLs of the router, tried in turn. At least one.
    package var urls: [RouterURL]
    /// The realm to join.
    package var realm: Realm
    /// How the sidecar proves its identity.
    package var authentication: Authentication
    /// Whether a ticket may go unencrypted to another host.
    package var isInsecure = false
    /// In order of preference. WebSocket offers all of them; RawSocket asks for one after the other.
    package var serializers: [SerializerID] = SerializerID.allCases
    /// The settings of TLS; `wss` and `rss` URLs need them.
    package var tls: TLSContext?
    /// The name that a router's certificate must have, whatever the URL says; nil: the URL's host.
    package var serverName: String?
    /// Whether RawSocket PING is the heartbeat: not with Crossbar.io, which drops the connection.
    package var ping = false
    /// The proxy that makes tunnels to the router. Unix sockets need no proxy.
    package var proxy: HTTPProxy?
    /// What the WebSocket handshake holds besides the mandatory headers.
    package var headers = HandshakeHeaders()
    /// The agent in HELLO, such as `wamp-sidecar/0.2.0`.
    package var agent: String

    /// For the TCP or Unix connection; with a proxy, once for the connection to it and once for the tunnel.
    package var connectTimeout: TimeAmount = .seconds(10)
    /// From the connection to WELCOME.
    package var joinTimeout: TimeAmount = .seconds(10)
    /// Silence after which the heartbeat asks the router for a sign of life.
    package var heartbeatInterval: TimeAmount = .seconds(5)
    /// Silence after which the router counts as dead.
    package var heartbeatPatience: TimeAmount = .seconds(10)
    /// For the router's answer to our GOODBYE.
    package var goodbyeTimeout: TimeAmount = .seconds(5)
    /// For the answer to a request other than CALL: routers may drop messages when they are overloaded.
    package var requestTimeout: TimeAmount = .seconds(30)
    /// After so long without an answer REGISTER, SUBSCRIBE, UNREGISTER and UNSUBSCRIBE are sent again.
    var askAgainAfter: TimeAmount { .nanoseconds(self.requestTimeout.nanoseconds / 6) }
    /// For the answer to a call that was canceled with mode `kill`. Crossbar.io never answers if the callee can't be
    /// interrupted.
    package var cancelPatience: TimeAmount = .seconds(5)
    /// A session of at least this length resets the backoff.
    package var stableAfter: TimeAmount = .seconds(10)
    /// Waits between attempts.
    package var backoff = Backoff()
    /// The shortest wait after refused credentials.
    package var leastCredentialsWait: TimeAmount = .seconds(30)
    /// The longest wait after refused credentials.
    package var greatestCredentialsWait: TimeAmount = .seconds(60)
    /// The longest message that we accept, in octets. WebSocket does not negotiate it, so there it is also the longest
    /// that we send.
    package var greatestMessage = 1 << 24
    /// The most output that may wait for the router, in octets. Beyond that the session is dropped and another one
    /// begun.
    package var unsentBound = 64 << 20
    /// When `writabilityChanged` is called: more waiting octets than `high`, and then fewer than `low`.
    package var outputWaterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 256 << 10, high: 1 << 20)

    /// A configuration with the contract's limits and times.
    package init(urls: [RouterURL], realm: Realm, authentication: Authentication, agent: String) {
        self.urls = urls
        self.realm = realm
        self.authentication = authentication
        self.agent = agent
    }
}
