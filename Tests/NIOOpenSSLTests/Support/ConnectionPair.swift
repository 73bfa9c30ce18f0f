import NIOCore
import NIOOpenSSL

/// Both ends of a connection, and the wire between them.
final class ConnectionPair {
    let client: TLSConnection
    let server: TLSConnection
    /// How many octets arrive at once.
    var chunk = Int.max

    init(client: TLSContext, server: TLSContext, name: String = "localhost") throws {
        self.client = try TLSConnection(client, name: PeerName(name))
        self.server = try TLSConnection(server)
    }

    /// Both ends with the tests' certificates.
    convenience init(
        _ certificate: String = "server", name: String = "localhost", version: TLSConfiguration.Version? = nil
    ) throws {
        try self.init(
            client: Certificates.client(), server: Certificates.server(certificate) { $0.maximumVersion = version },
            name: name)
    }

    /// Makes the handshake; returns the outcome at each end, the client's first.
    func handshake() -> (TLSConnection.Outcome, TLSConnection.Outcome) {
        var outcomes = (self.client.handshake(), self.server.handshake())
        while true {
            let (up, down) = (self.client.takeCiphertext(), self.server.takeCiphertext())
            if up.readableBytes == 0, down.readableBytes == 0 { return outcomes }
            for piece in self.pieces(up) {
                self.server.receive(piece)
                if outcomes.1 == .incomplete { outcomes.1 = self.server.handshake() }
            }
            for piece in self.pieces(down) {
                self.client.receive(piece)
                if outcomes.0 == .incomplete { outcomes.0 = self.client.handshake() }
            }
        }
    }

    /// Moves plain text, in pieces of ciphertext; nil if reading it fails.
    func move(_ text: ByteBuffer, from sender: TLSConnection, to receiver: TLSConnection) -> ByteBuffer? {
        guard sender.write(text) == nil else { return nil }
        var received = ByteBuffer()
        for piece in self.pieces(sender.takeCiphertext()) {
            receiver.receive(piece)
            guard receiver.read(into: &received) == .incomplete else { return nil }
        }
        return received
    }

    func pieces(_ bytes: ByteBuffer) -> [ByteBuffer] {
        var bytes = bytes
        var pieces: [ByteBuffer] = []
        while let piece = bytes.readSlice(length: min(self.chunk, bytes.readableBytes)), piece.readableBytes > 0 {
            pieces.append(piece)
        }
        return pieces
    }
}
