/// What reads octets that come from outside. Each target has a corpus of its name beside this file.
enum FuzzTarget: String, CaseIterable {
    /// WAMP messages in each serializer, and payloads on their way.
    case serializers
    /// PostgreSQL's protocol, a client's octets.
    case postgreswire
    /// RawSocket: the handshake and the frames of a router.
    case rawsocket
    /// WebSocket: the frames of a router, and those for it.
    case websocket
    /// The answers of an HTTP server to a WebSocket's opening, and of an HTTP proxy.
    case http
    /// The configuration.
    case yaml

    /// Takes one input. What must not be ends the process.
    func run(_ input: [UInt8]) {
        switch self {
        case .serializers: SerializersFuzzer.run(input)
        case .postgreswire: PostgresWireFuzzer.run(input)
        case .rawsocket: RawSocketFuzzer.run(input)
        case .websocket: WebSocketFuzzer.run(input)
        case .http: HTTPAnswerFuzzer.run(input)
        case .yaml: YAMLFuzzer.run(input)
        }
    }
}

/// Ends the process, in release builds too, where something that always holds does not.
func hold(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError(what()) }
}
