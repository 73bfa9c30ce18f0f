package import NIOCore

/// The server's side of PostgreSQL's protocol 3.0 for one connection, as much of it as dblink, psql and psycopg need:
/// startup, TLS, SCRAM-SHA-256, simple queries.
///
/// Sans I/O: the driver hands in what it reads (``received(_:)``), then asks what to do (``next(into:)``) until the
/// answer is to wait or to close, and sends what was written meanwhile. The driver runs a query. It reports the result
/// by ``complete(columns:rows:tag:into:)`` or ``fail(_:into:)`` and asks again. Messages that arrive before that wait,
/// in order.
///
/// - *unreachable*: a result without a query. Nothing is written.
/// - *protocol violation*: whatever PostgreSQL calls one, and unexpected copy data: FATAL 08P01, close.
/// - *refused, and the connection continues*: the extended protocol and function calls; queries that are too long, are
///   not UTF-8 or ask for another encoding.
/// - *silent drop*: what follows a message of the extended protocol, up to Sync.
package struct WireServerStateMachine: ~Copyable {
    /// What the driver does next.
    package enum Action: Sendable, Equatable {
        /// Nothing, until more input arrives or the query ends.
        case wait
        /// Send what was written, and start TLS on the connection: from now on the input is decrypted.
        case secure
        /// The client has proved its identity. Nothing continues before ``admit(_:)``.
        case authenticated(user: String)
        /// Run this; its text is valid UTF-8 and holds no NUL.
        case query(ByteBuffer)
        /// Send what was written, and close.
        case close(WireEnd)
    }

    private enum State {
        case starting
        case authenticating(WireAuthenticator)
        case authenticated(user: String)
        case refused(WireError)
        case ready
        case running
        /// An extended query was refused: everything is ignored until Sync.
        case skipping
        /// A query is refused: this many octets of it are still to be discarded.
        case discarding(Int, WireError)
        case closed
    }

    private var state = State.starting
    private var unread = ByteBuffer()
    private var encryptionAsked: [StartupPacket.Encryption] = []
    private var isSecured = false
    /// Why no query of this session is run: dblink asks for its database's encoding, and continues whatever the answer
    /// is.
    private var refusedEncoding: WireError?

    private let settings: WireServerSettings
    private let process: Int32
    private let nonce: [UInt8]

    /// - Parameters:
    ///   - process: the process id that the client gets.
    ///   - nonce: random and printable, without commas; never used before.
    package init(settings: WireServerSettings, process: Int32, nonce: [UInt8]) {
        self.settings = settings
        self.process = process
        self.nonce = nonce
    }

    /// True if the connection ends: nothing more is read.
    package var isClosed: Bool {
        if case .closed = self.state { true } else { false }
    }

    /// Octets that were received, but not used yet.
    package var unreadOctets: Int { self.unread.readableBytes }

    /// The length of the message that has begun to arrive, after authentication; 0 if none has, or if it is complete.
    package var announcedOctets: Int {
        switch self.state {
        case .ready, .skipping: break
        case .starting, .authenticating, .authenticated, .refused, .running, .discarding, .closed: return 0
        }
        guard let header = (try? FrontendMessage.header(in: self.unread)) ?? nil,
            self.unread.readableBytes < FrontendMessage.Header.size + header.length
        else { return 0 }
        return header.length
    }

    /// Refuses the message that has begun to arrive: a query is skipped and answered with the error, any other message
    /// ends the connection.
    package mutating func refuseAnnounced(_ error: WireError) {
        guard self.announcedOctets > 0, let header = (try? FrontendMessage.header(in: self.unread)) ?? nil else {
            return
        }
        if case .ready = self.state, header.kind == .query {
            self.discard(header, error)
        } else {
            self.state = .refused(WireError(.fatal, error.code, error.message))
        }
    }

    /// Takes what was read.
    package mutating func received(_ bytes: ByteBuffer) {
        guard !self.isClosed else { return }
        if self.unread.readableBytes == 0 {
            self.unread = bytes
        } else {
            self.unread.writeImmutableBuffer(bytes)
        }
    }

    /// Processes what was received.
    ///
    /// - Parameter output: takes what must be sent.
    package mutating func next(into output: inout ByteBuffer) -> Action {
        do throws(WireError) {
            while true {
                switch self.state {
                case .starting:
                    guard let packet = try self.takeStartupPacket() else { return self.wait() }
                    if let action = try self.startup(packet, &output) { return action }
                case .authenticating(var authenticator):
                    guard let body = try self.takeAuthentication() else { return self.wait() }
                    let step = try authenticator.received(body, into: &output)
                    self.state = .authenticating(authenticator)
                    switch step {
                    case .goOn: break
                    case .done:
                        self.state = .authenticated(user: authenticator.user)
                        return .authenticated(user: authenticator.user)
                    case .refused:
                        return self.close(.authenticationFailed(user: authenticator.user))
                    }
                case .authenticated:
                    return .wait
                case .refused(let error):
                    throw error
                case .ready, .skipping:
                    guard let message = try self.takeMessage() else {
                        if case .discarding = self.state { continue }
                        return self.wait()
                    }
                    if let action = try self.handle(message, &output) { return action }
                case .running:
                    guard self.unread.readableBytes <= self.settings.limits.waiting else {
                        throw WireError(.fatal, "54000", "too much was sent ahead while a query runs")
                    }
                    return self.wait()
                case .discarding(let count, let error):
                    let taken = min(count, self.unread.readableBytes)
                    self.unread.moveReaderIndex(forwardBy: taken)
                    self.state = .discarding(count - taken, error)
                    guard taken == count else { return self.wait() }
                    self.refuse(error, &output)
                case .closed:
                    return .wait
                }
            }
        } catch {
            output.writeWireError(error)
            return self.close(.failed(error))
        }
    }

    /// Admits the client that has proved its identity, or refuses it with an error.
    package mutating func admit(_ refusal: WireError?, into output: inout ByteBuffer) {
        guard case .authenticated(let user) = self.state else {
            assert(self.isClosed, "nobody wants to be admitted")
            return
        }
        if let refusal {
            self.state = .refused(refusal)
        } else {
            self.begin(user, &output)
        }
    }

    /// The running query has succeeded, with rows.
    package mutating func complete(
        columns: [WireColumn], rows: [[ByteBuffer?]], tag: String, into output: inout ByteBuffer
    ) {
        guard self.endQuery() else { return }
        output.writeWireDescription(columns)
        for row in rows { output.writeWireRow(row) }
        output.writeWireComplete(tag)
        output.writeWireReady()
    }

    /// The running query has failed; with FATAL the connection ends.
    package mutating func fail(_ error: WireError, into output: inout ByteBuffer) {
        guard self.endQuery() else { return }
        output.writeWireError(error)
        switch error.severity {
        case .error: output.writeWireReady()
        case .fatal: _ = self.close(.failed(error))
        }
    }

    private mutating func endQuery() -> Bool {
        guard case .running = self.state else {
            assert(self.isClosed, "an outcome without a query")
            return false
        }
        self.state = .ready
        return true
    }

    private mutating func close(_ end: WireEnd) -> Action {
        self.state = .closed
        self.unread = ByteBuffer()
        return .close(end)
    }

    /// Releases the memory of the input while nothing, or almost nothing, is left of it.
    private mutating func wait() -> Action {
        if self.unread.readableBytes == 0 {
            self.unread = ByteBuffer()
        } else if self.unread.readerIndex > self.settings.limits.waiting {
            var rest = ByteBuffer()
            rest.writeImmutableBuffer(self.unread)
            self.unread = rest
        }
        return .wait
    }

    private mutating func discard(_ header: FrontendMessage.Header, _ error: WireError) {
        self.unread.moveReaderIndex(forwardBy: FrontendMessage.Header.size)
        self.state = .discarding(header.length, error)
    }

    /// The query is not run; the next one may be.
    private mutating func refuse(_ error: WireError, _ output: inout ByteBuffer) {
        self.state = .ready
        output.writeWireError(error)
        output.writeWireReady()
    }

    // MARK: - Before authentication

    private mutating func takeStartupPacket() throws(WireError) -> StartupPacket? {
        guard let length = self.unread.getInteger(at: self.unread.readerIndex, as: Int32.self) else { return nil }
        guard length >= 8, Int(length) <= self.settings.limits.startup else {
            throw .violation("invalid length of startup packet")
        }
        guard self.unread.readableBytes >= Int(length), self.unread.readInteger(as: Int32.self) != nil,
            let packet = self.unread.readSlice(length: Int(length) - 4)
        else { return nil }
        return try StartupPacket(packet)
    }

    private mutating func startup(_ packet: StartupPacket, _ output: inout ByteBuffer) throws(WireError) -> Action? {
        switch packet {
        case .cancel:
            return self.close(.cancelRequest)
        case .encryption(let encryption):
            // Each may be asked for once, as with PostgreSQL. 'N' means that it is not available: the client then
            // continues without it or disconnects.
            guard !self.encryptionAsked.contains(encryption) else {
                throw .violation("encryption was asked for twice")
            }
            self.encryptionAsked.append(encryption)
            switch (encryption, self.settings.encryption) {
            case (.gss, _), (.tls, .none):
                output.writeInteger(UInt8(ascii: "N"))
                return nil
            case (.tls, .offered), (.tls, .required):
                // It would pass for something that came over TLS.
                guard self.unread.readableBytes == 0 else {
                    throw .violation(
                        "received unencrypted data after SSL request",
                        detail: "Either the client is faulty, or somebody inserted it on the way.")
                }
                self.isSecured = true
                output.writeInteger(UInt8(ascii: "S"))
                return .secure
            }
        case .start(let start):
            guard self.isSecured || self.settings.encryption != .required else {
                throw WireError(
                    .fatal, "28000", "the connection is not encrypted, and others are not taken",
                    hint: "Connect with sslmode=verify-full, or at least require.")
            }
            guard !start.isReplication else {
                throw WireError(.fatal, "0A000", "this is wamp-sidecar: there is nothing to replicate")
            }
            // psql asks for SQL_ASCII if the locale is C. It converts nothing, so it gets UTF-8.
            if let encoding = start.clientEncoding, !SessionStatement.isUTF8(encoding),
                !SessionStatement.isNone(encoding)
            {
                throw Self.refusal(.fatal, encoding: encoding)
            }
            if start.minorVersion > 0 || !start.protocolOptions.isEmpty {
                output.writeWireNegotiation(unknownOptions: start.protocolOptions)
            }
            let authenticator = try WireAuthenticator(
                user: start.user, credentials: self.settings.credentials, nonce: self.nonce,
                endPoint: self.isSecured ? self.settings.endPoint : nil)
            self.state = .authenticating(authenticator)
            output.writeWireAuthentication(.sasl(authenticator.mechanisms))
            return nil
        }
    }

    private mutating func takeAuthentication() throws(WireError) -> ByteBuffer? {
        guard let header = try FrontendMessage.header(in: self.unread) else { return nil }
        guard header.kind == .password else {
            throw .violation("expected SASL response, got message type \(header.kind.rawValue)")
        }
        guard header.length <= self.settings.limits.authentication else {
            throw .violation("invalid message length")
        }
        return self.takeBody(header)
    }

    private mutating func begin(_ user: String, _ output: inout ByteBuffer) {
        self.state = .ready
        for (name, value) in self.settings.parameters { output.writeWireParameter(name, value) }
        output.writeWireParameter("session_authorization", user)
        output.writeWireKey(process: self.process, secret: 0)
        output.writeWireReady()
    }

    // MARK: - After it

    /// Takes a message that has arrived completely.
    private mutating func takeMessage() throws(WireError) -> FrontendMessage? {
        guard let header = try FrontendMessage.header(in: self.unread) else { return nil }
        guard header.length <= self.settings.limits.query else {
            guard header.kind == .query, case .ready = self.state else { throw .violation("invalid message length") }
            let limit = self.settings.limits.query
            self.discard(header, WireError("54000", "the query has more than \(limit) octets"))
            return nil
        }
        return self.takeBody(header).map { FrontendMessage(kind: header.kind, body: $0) }
    }

    private mutating func takeBody(_ header: FrontendMessage.Header) -> ByteBuffer? {
        let size = FrontendMessage.Header.size + header.length
        guard self.unread.readableBytes >= size else {
            // Allocates once, instead of doubling, once the message is known to be long.
            if self.unread.readableBytes > 4096 {
                self.unread.reserveCapacity(minimumWritableBytes: size - self.unread.readableBytes)
            }
            return nil
        }
        self.unread.moveReaderIndex(forwardBy: FrontendMessage.Header.size)
        return self.unread.readSlice(length: header.length)
    }

    /// - Returns: nil to continue immediately.
    private mutating func handle(_ message: FrontendMessage, _ output: inout ByteBuffer) throws(WireError) -> Action? {
        switch message.kind {
        case .terminate:
            return self.close(.terminated)
        case .sync:
            self.state = .ready
            output.writeWireReady()
            return nil
        case .copyData, .copyDone, .copyFail, .password:
            throw .violation("unexpected message type \(message.kind.rawValue)")
        case .parse, .bind, .describe, .execute, .close, .flush, .query, .functionCall:
            break
        }
        if case .skipping = self.state { return nil }
        switch message.kind {
        case .query:
            return try self.query(message.body, &output)
        case .parse, .bind, .describe, .execute, .close:
            self.state = .skipping
            output.writeWireError(
                WireError(
                    "0A000", "the extended query protocol is not supported",
                    hint: "Send the document as a simple query, without parameters."))
        case .functionCall:
            self.refuse(WireError("0A000", "function calls are not supported"), &output)
        case .flush, .sync, .terminate, .copyData, .copyDone, .copyFail, .password:
            break
        }
        return nil
    }

    private mutating func query(_ body: ByteBuffer, _ output: inout ByteBuffer) throws(WireError) -> Action? {
        guard let last = body.readableBytesView.last, last == 0,
            let text = body.getSlice(at: body.readerIndex, length: body.readableBytes - 1),
            !text.readableBytesView.contains(0)
        else { throw .violation("invalid string in message") }
        guard (try? UTF8Span(validating: text.readableBytesUInt8Span)) != nil else {
            self.refuse(WireError("22021", "invalid byte sequence for encoding \"UTF8\""), &output)
            return nil
        }
        switch SessionStatement(text) {
        case .empty:
            output.writeWireEmptyQuery()
            output.writeWireReady()
        case .clientEncoding(let encoding):
            guard SessionStatement.isUTF8(encoding) else {
                let error = Self.refusal(.error, encoding: encoding)
                self.refusedEncoding = error
                self.refuse(error, &output)
                return nil
            }
            self.refusedEncoding = nil
            output.writeWireComplete("SET")
            output.writeWireReady()
        case nil:
            if let refusedEncoding {
                self.refuse(refusedEncoding, &output)
                return nil
            }
            self.state = .running
            return .query(text)
        }
        return nil
    }

    private static func refusal(_ severity: WireError.Severity, encoding: String) -> WireError {
        WireError(
            severity, "22023", "client_encoding \"\(encoding.prefix(64))\" is not supported: it must be UTF8",
            hint: "A database that calls the sidecar must have the encoding UTF8.")
    }
}
