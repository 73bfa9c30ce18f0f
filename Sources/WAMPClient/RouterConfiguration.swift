package import NIOCore
package import NIOOpenSSL
package import Names
package import WAMP

/// How a router is reached and joined. The limits and times are the contract's; tests shorten them.
package struct RouterConfiguration: Sendable {
    /// Where; tried in turn. At least one.
    package var urls: [RouterURL]
    /// The realm to join.
    package var realm: Realm
    /// Who we are.
    package var authentication: Authentication
    /// Whether a ticket may go unencrypted to another host.
    package var isInsecure = false
    /// In order of preference. WebSocket offers all of them; RawSocket asks for one after the other.
    package var serializers: [SerializerID] = SerializerID.allCases
    /// How TLS is made; `wss` and `rss` URLs need it.
    package var tls: TLSContext?
    /// The name that a router's certificate has to have, whatever its URL says; nil: the URL's host.
    package var serverName: String?
    /// Whether RawSocket PING is the heartbeat: not with Crossbar.io, which drops the connection.
    package var ping = false
    /// What tunnels to the router are made by; Unix sockets are reached without.
    package var proxy: HTTPProxy?
    /// What the WebSocket handshake says beyond what it has to.
    package var headers = HandshakeHeaders()
    /// What HELLO says we are, as `wamp-sidecar/0.2.0`.
    package var agent: String

    /// For the TCP or Unix connection to be made; with a proxy for each, the connection to it and the tunnel.
    package var connectTimeout: TimeAmount = .seconds(10)
    /// From the connection to WELCOME.
    package var joinTimeout: TimeAmount = .seconds(10)
    /// Silence after which the router is asked for a sign of life.
    package var heartbeatInterval: TimeAmount = .seconds(5)
    /// Silence after which the router is taken for dead.
    package var heartbeatPatience: TimeAmount = .seconds(10)
    /// For the router's answer to our GOODBYE.
    package var goodbyeTimeout: TimeAmount = .seconds(5)
    /// For the answer to a request other than CALL: routers may drop messages when they are overloaded.
    package var requestTimeout: TimeAmount = .seconds(30)
    /// After so long without an answer REGISTER, SUBSCRIBE, UNREGISTER and UNSUBSCRIBE are asked again.
    var askAgainAfter: TimeAmount { .nanoseconds(self.requestTimeout.nanoseconds / 6) }
    /// For the answer to a call that was taken back with mode `kill`. Crossbar.io never answers where the callee can't be
    /// interrupted.
    package var cancelPatience: TimeAmount = .seconds(5)
    /// A session that lasted as long lets the backoff begin anew.
    package var stableAfter: TimeAmount = .seconds(10)
    /// Waits between attempts.
    package var backoff = Backoff()
    /// The least wait after refused credentials.
    package var leastCredentialsWait: TimeAmount = .seconds(30)
    /// The longest wait after refused credentials.
    package var greatestCredentialsWait: TimeAmount = .seconds(60)
    /// The longest message we take, in octets; on WebSocket, which does not negotiate it, also the longest we send.
    package var greatestMessage = 1 << 24
    /// The most output that may wait for the router, in octets, before the session is dropped and begun anew.
    package var unsentBound = 64 << 20
    /// Where `writabilityChanged` is told: more waiting than `high`, and then less than `low` octets.
    package var outputWaterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 256 << 10, high: 1 << 20)

    /// A configuration with the contract's limits and times.
    package init(urls: [RouterURL], realm: Realm, authentication: Authentication, agent: String) {
        self.urls = urls
        self.realm = realm
        self.authentication = authentication
        self.agent = agent
    }
}
