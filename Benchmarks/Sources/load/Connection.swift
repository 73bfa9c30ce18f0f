import Glibc

/// The router's end of one RawSocket connection: reads large, writes once per turn, blocks instead of polling.
///
/// Blocking reads make a turn with one call outstanding two system calls. Writes may block as well: at most a few
/// hundred small invocations are under way, which always fit into the socket's buffers.
final class Connection {
    private static let readSize = 1 << 18
    /// RawSocket's greatest message with its header, and room for one more read.
    private static let capacity = (1 << 24) + 4 + readSize

    private let descriptor: Int32
    private let incoming = UnsafeMutableRawBufferPointer.allocate(byteCount: Connection.capacity, alignment: 16)
    private var start = 0
    private var end = 0

    /// The octets that the next `flush` sends.
    var outgoing = OutgoingBytes()

    /// The result of one wait for the peer.
    enum Arrival { case bytes, nothing, closed }

    /// One frame; its payload is valid until the next `receive`.
    struct Frame {
        let type: UInt8
        let payload: UnsafeRawBufferPointer
    }

    /// Takes over `descriptor`: waits at most 100 ms in a read, so that the caller can look at its clock.
    init(descriptor: Int32) throws(LoadError) {
        self.descriptor = descriptor
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        var patience = timeval(tv_sec: 0, tv_usec: 100_000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size) == 0 else { throw .system("setsockopt") }
    }

    deinit {
        close(descriptor)
        incoming.deallocate()
    }

    /// Answers the RawSocket handshake: the serializer that the peer asks for, messages of up to 16 MiB either way
    /// (wamp-protocol, RawSocket).
    func handshake() throws(LoadError) {
        while end - start < 4 {
            guard try receive() != .closed else { throw LoadError("the peer closed before its handshake") }
        }
        let magic = incoming[start]
        let serializer = incoming[start + 1] & 0x0F
        start += 4
        guard magic == 0x7F else { throw LoadError("the peer does not speak RawSocket") }
        guard let wire = Wire(rawValue: serializer) else {
            outgoing.append([0x7F, 0x10, 0, 0])
            try flush()
            throw LoadError("the peer wants serializer \(serializer); only JSON, MessagePack and CBOR are spoken here")
        }
        outgoing.wire = wire
        outgoing.append([0x7F, 0xF0 | serializer, 0, 0])
        try flush()
    }

    /// Waits for bytes, for at most 100 ms. Frames taken before are no longer valid afterwards.
    func receive() throws(LoadError) -> Arrival {
        if start == end {
            start = 0
            end = 0
        } else if Self.capacity - end < Self.readSize, let base = incoming.baseAddress {
            base.copyMemory(from: base + start, byteCount: end - start)
            end -= start
            start = 0
        }
        guard let base = incoming.baseAddress, end < Self.capacity else {
            throw LoadError("the peer's message is larger than RawSocket allows")
        }
        let count = recv(descriptor, base + end, min(Self.readSize, Self.capacity - end), 0)
        if count > 0 {
            end += count
            return .bytes
        }
        if count == 0 || errno == ECONNRESET { return .closed }
        guard errno == EAGAIN || errno == EINTR else { throw .system("recv") }
        return .nothing
    }

    /// The next whole frame among the received octets.
    func nextFrame() throws(LoadError) -> Frame? {
        guard end - start >= 4 else { return nil }
        let type = incoming[start]
        let length = Int(incoming[start + 1]) << 16 | Int(incoming[start + 2]) << 8 | Int(incoming[start + 3])
        guard type <= 2 else { throw LoadError("the peer sent a frame of the reserved type \(type)") }
        guard end - start >= 4 + length else { return nil }
        let payload = UnsafeRawBufferPointer(rebasing: incoming[(start + 4)..<(start + 4 + length)])
        start += 4 + length
        return Frame(type: type, payload: payload)
    }

    /// Sends everything that was gathered.
    func flush() throws(LoadError) {
        guard !outgoing.bytes.isEmpty else { return }
        let descriptor = descriptor
        let status = outgoing.bytes.withUnsafeBytes { bytes -> Bool in
            var sent = 0
            while sent < bytes.count {
                let count = send(
                    descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
        outgoing.removeAll()
        guard status else { throw .system("send") }
    }
}
