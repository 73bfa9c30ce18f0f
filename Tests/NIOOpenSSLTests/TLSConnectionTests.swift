import NIOCore
import NIOOpenSSL
import Testing

@Suite struct TLSConnectionTests {
    static let versions: [TLSConfiguration.Version] = [.tls12, .tls13]

    @Test(arguments: Self.versions, [1, 2, 7, 100, .max])
    func handshakeInPieces(_ version: TLSConfiguration.Version, chunk: Int) throws {
        let pair = try ConnectionPair(version: version)
        pair.chunk = chunk
        #expect(pair.handshake() == (.complete, .complete))
        #expect(pair.client.version == (version == .tls12 ? "TLSv1.2" : "TLSv1.3"))
        #expect(pair.client.channelID?.count == 32)
        #expect(pair.client.channelID == pair.server.channelID)
        let text = ByteBuffer(string: "hello")
        #expect(pair.move(text, from: pair.client, to: pair.server) == text)
        #expect(pair.move(text, from: pair.server, to: pair.client) == text)
    }

    @Test func channelIDsDiffer() throws {
        let pairs = try (0..<2).map { _ in try ConnectionPair() }
        #expect(pairs[0].client.channelID == nil)
        for pair in pairs { _ = pair.handshake() }
        #expect(pairs[0].client.channelID != pairs[1].client.channelID)
    }

    @Test(arguments: Self.versions) func recordsSplitAnywhere(_ version: TLSConfiguration.Version) throws {
        let pair = try ConnectionPair(version: version)
        #expect(pair.handshake() == (.complete, .complete))
        var ciphertext = ByteBuffer()
        // The split points of one record stand for all: each attempt needs new records.
        let length = 90
        for split in 0...length {
            for text in ["a first record", "and a second one"] {
                #expect(pair.server.write(ByteBuffer(string: text)) == nil)
            }
            ciphertext = pair.server.takeCiphertext()
            let head = ciphertext.readSlice(length: min(split, ciphertext.readableBytes)) ?? ByteBuffer()
            var received = ByteBuffer()
            pair.client.receive(head)
            #expect(pair.client.read(into: &received) == .incomplete)
            pair.client.receive(ciphertext)
            #expect(pair.client.read(into: &received) == .incomplete)
            #expect(String(buffer: received) == "a first recordand a second one")
        }
        #expect(ciphertext.writerIndex <= length)
    }

    @Test(arguments: Self.versions, [16_383, 16_384, 16_385, 5_000_000])
    func largeTexts(_ version: TLSConfiguration.Version, length: Int) throws {
        let pair = try ConnectionPair(version: version)
        pair.chunk = 10_001
        #expect(pair.handshake() == (.complete, .complete))
        let text = ByteBuffer(bytes: (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        #expect(pair.move(text, from: pair.client, to: pair.server) == text)
        #expect(pair.move(text, from: pair.server, to: pair.client) == text)
    }

    @Test(arguments: Self.versions) func end(_ version: TLSConfiguration.Version) throws {
        let pair = try ConnectionPair(version: version)
        _ = pair.handshake()
        #expect(pair.server.write(ByteBuffer(string: "bye")) == nil)
        pair.server.end()
        pair.client.receive(pair.server.takeCiphertext())
        var received = ByteBuffer()
        #expect(pair.client.read(into: &received) == .ended)
        #expect(String(buffer: received) == "bye")
        // The other direction is still open.
        #expect(pair.move(ByteBuffer(string: "and?"), from: pair.client, to: pair.server) == ByteBuffer(string: "and?"))
    }

    @Test(arguments: Self.versions) func forgedRecordsFail(_ version: TLSConfiguration.Version) throws {
        let pair = try ConnectionPair(version: version)
        _ = pair.handshake()
        #expect(pair.server.write(ByteBuffer(string: "pay 10")) == nil)
        var ciphertext = pair.server.takeCiphertext()
        let last = ciphertext.writerIndex - 1
        ciphertext.setInteger((ciphertext.getInteger(at: last, as: UInt8.self) ?? 0) ^ 1, at: last)
        pair.client.receive(ciphertext)
        var received = ByteBuffer()
        guard case .failed(.other) = pair.client.read(into: &received) else {
            Issue.record("a forged record was taken")
            return
        }
        #expect(received.readableBytes == 0)
        // The peer learns of it.
        pair.server.receive(pair.client.takeCiphertext())
        #expect(pair.server.read(into: &received) == .failed(.alert("bad record mac")))
    }

    // MARK: - The server's identity

    /// The name and the time of the certificate are nothing then.
    @Test(arguments: Self.versions, ["server", "expired", "elsewhere"])
    func onlyOneCertificateWillDo(_ version: TLSConfiguration.Version, certificate: String) throws {
        let server = try Certificates.server(certificate) { $0.maximumVersion = version }
        let hash = try #require(server.certificateHash)
        #expect(hash.count == 32)
        let client = try Certificates.client { $0.verification = .only(hash) }
        #expect(client.certificateHash == nil)
        #expect(try ConnectionPair(client: client, server: server).handshake() == (.complete, .complete))
        // Another one, of the same authority and with the same names.
        for other in ["client", "server", "expired", "elsewhere"] where other != certificate {
            let impostor = try Certificates.server(other) { $0.maximumVersion = version }
            let outcome = try ConnectionPair(client: client, server: impostor).handshake().0
            #expect(outcome == .failed(.otherCertificate), "\(other)")
        }
        let nobody = try Certificates.client { $0.verification = .only([]) }
        #expect(try ConnectionPair(client: nobody, server: server).handshake().0 == .failed(.otherCertificate))
    }

    @Test(arguments: [
        "localhost", "localhost.", "LOCALHOST", "router.test", "a.wild.test", "127.0.0.1", "::1", "::1%lo",
    ])
    func namesThatFit(_ name: String) throws {
        let pair = try ConnectionPair(name: name)
        #expect(pair.handshake() == (.complete, .complete))
    }

    @Test(arguments: ["wild.test", "a.b.wild.test", "router.test.evil", "127.0.0.2", "::2", "router"])
    func namesThatDoNot(_ name: String) throws {
        let pair = try ConnectionPair(name: name)
        let (client, server) = pair.handshake()
        let text = "\(try Self.failure(client))"
        #expect(
            text == "has a certificate for 'localhost', 'router.test', '*.wild.test', 127.0.0.1, 0:0:0:0:0:0:0:1, "
                + "not for '\(name)'")
        #expect(server == .incomplete || server == .complete || (try? Self.failure(server)) != nil)
    }

    @Test(arguments: [
        ("expired", "has a certificate that expired on 2020-02-01 12:30 UTC"),
        ("future", "not valid before 2090-01-01 00:00 UTC"),
        (
            "elsewhere",
            "for 'other.test', 192.0.2.1, 2001:db8:0:0:0:0:0:1, 'a.test', 'b.test', 'c.test', 'd.test', 'e.test' and 2 "
                + "more, not for 'localhost'"
        ),
        ("nameless", "without any name in subjectAltName ('CN = localhost'), so not for 'localhost'"),
        ("self-signed", "has a self-signed certificate ('CN = localhost')"),
        ("strange", "from an authority that is not trusted here ('CN = Strangers' Root')"),
        ("strange-with-root", "from an authority that is not trusted here ('CN = Strangers' Root')"),
        ("incomplete", "from an authority that is not trusted here ('CN = Test Intermediate, O = Tests')"),
        ("under-stale", "in its chain ('CN = Stale Intermediate, O = Tests') that expired on 2020-03-01 12:00 UTC"),
        ("for-clients", "certificate purpose"),
    ])
    func certificatesThatDoNotCount(_ name: String, says text: String) throws {
        for version in Self.versions {
            let pair = try ConnectionPair(name, version: version)
            let (client, server) = pair.handshake()
            let failure = "\(try Self.failure(client))"
            #expect(failure.contains(text), "\(failure)")
            // The server learns of it, in the handshake or (TLS 1.3) with the first record.
            var received = ByteBuffer()
            if server == .complete {
                guard case .failed(.certificateRefused) = pair.server.read(into: &received) else {
                    Issue.record("the server did not learn of it")
                    continue
                }
            }
        }
    }

    @Test func anchors() throws {
        // A certificate that is itself in the file is trusted, whatever signed it, but only for its own names.
        for (anchor, certificate) in [
            ("self-signed.pem", "self-signed"), ("intermediate.crt", "server"), ("strange.crt", "strange"),
        ] {
            let client = try Certificates.client { $0.trust = .file(Certificates.path(anchor)) }
            let pair = try ConnectionPair(client: client, server: Certificates.server(certificate))
            #expect(pair.handshake() == (.complete, .complete), "\(anchor)")
            let other = try ConnectionPair(client: client, server: Certificates.server(certificate), name: "other.test")
            #expect("\(try Self.failure(other.handshake().0))".hasSuffix("not for 'other.test'"))
        }
        // The system trusts none of the tests' authorities.
        let client = try Certificates.client { $0.trust = .system }
        let pair = try ConnectionPair(client: client, server: Certificates.server())
        #expect("\(try Self.failure(pair.handshake().0))".contains("from an authority that is not trusted here"))
    }

    @Test func verificationOff() throws {
        let client = try Certificates.client { $0.verification = .none }
        for certificate in ["expired", "elsewhere", "self-signed", "strange"] {
            let pair = try ConnectionPair(client: client, server: Certificates.server(certificate))
            #expect(pair.handshake() == (.complete, .complete))
        }
    }

    // MARK: - Versions, and the client's identity

    @Test func oldProtocols() throws {
        let old = try Certificates.server { $0.maximumVersion = .tls12 }
        let pair = try ConnectionPair(client: Certificates.client { $0.minimumVersion = .tls13 }, server: old)
        let (client, server) = pair.handshake()
        #expect(client == .failed(.protocolTooOld))
        #expect(server == .failed(.protocolTooOld))
        // And the reverse, where the server's alert tells us.
        let strict = try ConnectionPair(
            client: Certificates.client { $0.maximumVersion = .tls12 },
            server: Certificates.server { $0.minimumVersion = .tls13 })
        #expect(strict.handshake().0 == .failed(.protocolTooOld))
    }

    @Test(arguments: Self.versions, ["client.key", "client-encrypted.key", "client-encrypted-old.key"])
    func clientCertificate(_ version: TLSConfiguration.Version, key: String) throws {
        let server = try Certificates.server {
            $0.maximumVersion = version
            $0.verification = .full
            $0.trust = .file(Certificates.path("ca.pem"))
        }
        let client = try Certificates.client {
            $0.certificateFile = Certificates.path("client.pem")
            $0.keyFile = Certificates.path(key)
            $0.keyPassword = key == "client.key" ? nil : "key-password"
        }
        let pair = try ConnectionPair(client: client, server: server)
        #expect(pair.handshake() == (.complete, .complete))
    }

    @Test(arguments: Self.versions, [nil, "client-expired", "strange"] as [String?])
    func clientCertificateWanted(_ version: TLSConfiguration.Version, certificate: String?) throws {
        let server = try Certificates.server {
            $0.maximumVersion = version
            $0.verification = .full
            $0.trust = .file(Certificates.path("ca.pem"))
        }
        let client = try Certificates.client {
            $0.certificateFile = certificate.map { Certificates.path("\($0).pem") }
            $0.keyFile = certificate.map { Certificates.path("\($0).key") }
        }
        let pair = try ConnectionPair(client: client, server: server)
        let (outcome, refused) = pair.handshake()
        var failure: TLSFailure?
        switch (version, outcome) {
        case (.tls13, .complete):
            // It arrives only after our end of the handshake.
            var received = ByteBuffer()
            if case .failed(let reason) = pair.client.read(into: &received) { failure = reason }
        case (_, .failed(let reason)):
            failure = reason
        default:
            break
        }
        switch certificate {
        case nil:
            #expect(failure == .certificateWanted)
            #expect(refused == .failed(.certificateWanted))
        case "client-expired":
            #expect(failure == .certificateRefused("certificate expired"))
        default:
            #expect(failure == .certificateRefused("unknown CA"))
        }
    }

    // MARK: - Peers that don't speak TLS

    @Test(arguments: [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", TLSFailure.Greeting.http), ("\u{7F}\u{01}\0\0 and so on", .rawSocket),
        ("SSH-2.0-OpenSSH_9.2\r\n", .other), ("EFATAL: no pg_hba.conf entry", .other),
    ])
    func plainServers(_ greeting: String, kind: TLSFailure.Greeting) throws {
        for chunk in [1, 3, Int.max] {
            let client = try TLSConnection(Certificates.client(), name: PeerName("localhost"))
            #expect(client.handshake() == .incomplete)
            var rest = ByteBuffer(string: greeting)
            var outcome = TLSConnection.Outcome.incomplete
            while outcome == .incomplete, rest.readableBytes > 0,
                let piece = rest.readSlice(length: min(chunk, rest.readableBytes))
            {
                client.receive(piece)
                outcome = client.handshake()
            }
            #expect(outcome == .failed(.notTLS(kind)))
        }
    }

    @Test func plainClients() throws {
        for (greeting, kind) in [
            ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", TLSFailure.Greeting.http), ("\0\0\0\u{8}\0\0\0\0", .other),
        ] {
            let server = try TLSConnection(Certificates.server())
            server.receive(ByteBuffer(string: greeting))
            #expect(server.handshake() == .failed(.notTLS(kind)))
        }
    }

    @Test func hostileOctets() throws {
        var random = SystemRandomNumberGenerator()
        for round in 0..<300 {
            let pair = try ConnectionPair()
            // What the server would send, with something wrong in it.
            _ = pair.client.handshake()
            pair.server.receive(pair.client.takeCiphertext())
            _ = pair.server.handshake()
            var flight = pair.server.takeCiphertext()
            for _ in 0...(round % 3) {
                let place = Int.random(in: flight.readerIndex..<flight.writerIndex, using: &random)
                flight.setInteger(UInt8.random(in: 0...255, using: &random), at: place)
            }
            if round % 5 == 0 { flight.moveWriterIndex(to: Int.random(in: 0..<flight.writerIndex, using: &random)) }
            pair.client.receive(flight)
            let outcome = pair.client.handshake()
            var received = ByteBuffer()
            if outcome == .complete { _ = pair.client.read(into: &received) }
            #expect(received.readableBytes == 0)
        }
    }

    private static func failure(_ outcome: TLSConnection.Outcome) throws -> TLSFailure {
        guard case .failed(let failure) = outcome else { throw NotFailed(outcome: outcome) }
        return failure
    }

    private struct NotFailed: Error {
        let outcome: TLSConnection.Outcome
    }
}
